"""Find uses in languages with quoted strings and brackets, by tokens.

There is no grammar. A string belongs to the name before the last `=`, `:` or `=>` in its brackets,
or to its call or list. If that rule is ambiguous, the string counts only as a known name.
"""

from array import array
from itertools import islice
from operator import itemgetter

from catalog.check.scan.entries import Exhausted, Group
from catalog.check.scan.frames import Frame, Held
from catalog.check.scan.places import CHOICES, COPIES, EQUALS, GETTERS, PARTS, place
from catalog.check.scan.tokens import tokens

GIVES = {"=", ":", "=>", ":=", "==", "===", "!=", "!==", "??=", "||=", "+="}
OTHERWISE = {"??", "||", "?:"}
CLOSES = {")": "(", "]": "[", "}": "{"}
OPENS = frozenset(CLOSES.values())
# Signs beside a string that is only part of another.
JOINS = {"+", "%"}
# Words before a string that is still a whole value.
LEADS = {"return", "in", "or", "and", "not", "else", "do"}
OR = {"python", "ruby", "php"}
"""Languages with the word `or`."""
ACCESS = {".", "?.", "->", "::", "?->"}
LONGEST = 100
"""Maximum characters of the calls before a method."""
PATH = 16
"""Maximum tokens of a call's path."""
DEEPEST = 1000
"""Maximum nesting of brackets. Deeper ones are read as their parent."""
MOST_TOKENS = 150_000
"""Maximum tokens of a file. A minified 1 MB program has fewer."""
CHUNK = 1000
"""Tokens that are split into columns together, because that takes half the time."""
BEYOND = ("", "", "")
"""Padding, because no token looks farther ahead or back."""


def read(text: str, language: str) -> list[Group]:
    """Find the strings that have a place.

    Raise Exhausted if the file has too many words and signs.
    """
    return Reader(text, language).read()


class Reader:
    """A reader of one text's tokens with a stack of open brackets."""

    def __init__(self, text: str, language: str) -> None:
        """Prepare the reading of a text."""
        self.text = text
        self.language = language
        # One list per field, because that needs a fifth of the memory of a list of tokens.
        self.kinds: list[str] = []
        self.texts: list[str] = []
        self.signs: list[str] = []
        self.words: list[str] = []
        self.starts = array("q")
        self.ends = array("q")
        self.groups: list[tuple[int, Group]] = []
        self.stack: list[Frame] = []
        self.open_of = dict.fromkeys(OPENS, 0)
        self.entered = self.hidden = 0
        self.tables: dict[str, Held] = {}
        self.enter(Frame(""))

    def enter(self, frame: Frame) -> None:
        """Enter a bracket."""
        frame.number, self.entered = self.entered, self.entered + 1
        if self.stack:
            frame.group.outer = self.stack[-1].group
        self.stack.append(frame)
        if frame.opener:
            self.open_of[frame.opener] += 1

    def leave(self) -> Frame:
        """Leave a bracket and keep its entries."""
        frame = self.stack.pop()
        if frame.opener:
            self.open_of[frame.opener] -= 1
        if frame.group.entries or frame.group.given:
            self.groups.append((frame.number, frame.group))
        return frame

    def read(self) -> list[Group]:
        """Read all tokens, and return the groups in order of their brackets."""
        count = self.take()
        for n, kind, text in zip(range(count), self.kinds, self.texts, strict=False):
            frame = self.stack[-1]
            if kind == "o":
                self.operator(n, text, frame)
                continue
            if frame.key or frame.asked or frame.sign or frame.was_read:
                self.statement(n, frame)
            if kind == "s":
                self.string(n, text, frame)
            elif kind == "n":
                self.number(n, text, frame)
            else:
                self.name(n, text, frame)
        while self.stack:
            self.stack[-1].finish()
            self.leave()
        return [group for _, group in sorted(self.groups, key=itemgetter(0))]

    def name(self, n: int, text: str, frame: Frame) -> None:
        """Process a word."""
        if text == "or" and self.language in OR:
            frame.otherwise()
        elif text == "do" and self.language == "ruby" and self.signs[n - 1] == ")":
            frame.block(frame, called=True)
        else:
            frame.name(text, self.starts[n], adjacent=self.kinds[n - 1] == "i")
            if self.language == "ruby" and frame.before == "case" and place(text):
                frame.subject = text

    def take(self) -> int:
        """Split the tokens into columns, and return their number.

        The padding replaces tokens before the first one (index -1) and after the last one.
        """
        found = islice(tokens(self.text, self.language), MOST_TOKENS + 1)
        while chunk := list(islice(found, CHUNK)):
            kinds, texts, starts, ends = zip(*chunk, strict=True)
            self.kinds += kinds
            self.texts += texts
            self.signs += [text if kind == "o" else "" for kind, text, _, _ in chunk]
            self.words += [text if kind == "i" else "" for kind, text, _, _ in chunk]
            self.starts.extend(starts)
            self.ends.extend(ends)
        if len(self.kinds) > MOST_TOKENS:
            raise Exhausted(f"it has more than {MOST_TOKENS:,} words and signs")
        count = len(self.kinds)
        for column in (self.kinds, self.texts, self.signs, self.words):
            column.extend(BEYOND)
        return count

    def begins_line(self, n: int) -> bool:
        """Return whether a token is the first of its line."""
        return n == 0 or self.text.find("\n", self.ends[n - 1], self.starts[n]) >= 0

    def statement(self, n: int, frame: Frame) -> None:
        """Reset the key if a new line begins a new statement."""
        is_end = self.signs[n - 1] in {"", ")", "]", "}"} and self.words[n - 1] not in LEADS
        if is_end and self.texts[n] not in LEADS and self.begins_line(n):
            frame.end()

    def operator(self, n: int, sign: str, frame: Frame) -> None:
        """Process a bracket, an assignment or a separator."""
        if sign in OPENS:
            self.open(n, sign, frame)
        elif sign in CLOSES:
            self.close(CLOSES[sign])
        elif sign in {",", ";", "&&"}:
            frame.separate(sign)
        elif sign == ":" and frame.ternaries:
            frame.ternaries -= 1
            frame.branch(frame.setting)
        elif sign == "=>" and self.language == "javascript":
            frame.key = ""
        elif sign in GIVES:
            frame.give(sign, first=self.language == "go")
        elif sign in OTHERWISE:
            frame.otherwise()
        elif sign == "->" and frame.subject:
            frame.sign = sign
        elif sign == "?":
            frame.ask()

    def open(self, n: int, sign: str, frame: Frame) -> None:
        """Enter a bracket that inherits the place of its value."""
        if self.language == "toml" and sign == "[" and self.begins_line(n):
            frame = self.table(n, frame)
        if len(self.stack) > DEEPEST:
            self.hidden += 1
            return
        callee = self.words[n - 1] if sign == "(" else ""
        new = Frame(sign, callee, index=sign == "[" and self.is_index(n))
        self.locate(n, sign, frame, new)
        if sign == "{":
            if self.kinds[n - 1] == "s" and place(self.texts[n - 1]):
                new.held = Held(self.texts[n - 1])  # variable "model" {
            elif frame.before in CHOICES and place(frame.last):
                new.subject = frame.last
        elif callee.lower() in EQUALS and place(self.words[n - 3]):
            new.key = self.words[n - 3]
        frame.pass_access(new)
        frame.pass_on(new)
        if sign == "{" and (self.signs[n - 1] == ")" or self.words[n - 1]):
            frame.block(new, called=self.signs[n - 1] == ")")
        self.enter(new)

    def locate(self, n: int, sign: str, frame: Frame, new: Frame) -> None:
        """Note what a bracket belongs to: a call, a key, a class."""
        new.group.at = self.starts[n]
        if sign == "(":
            chained, new.path = self.path(n, frame.chain)
            new.group.inside(new.path)
            new.group.given = "" if chained or place(frame.key) else frame.key
        elif sign == "{":
            label = self.texts[n - 1] if self.kinds[n - 1] == "s" else self.words[n - 1]
            new.value_of = frame.key
            new.group.inside(frame.key or label)
        elif frame.is_mapping():
            new.group.inside(frame.key)

    def path(self, n: int, chain: str) -> tuple[bool, str]:
        """Return the names before a bracket, joined by dots: client.chat.create.

        Those of the call before it come first, if this is a method of its result.
        """
        found: list[str] = []
        at = n - 1
        for at in range(n - 1, max(n - PATH, -1), -1):
            if self.words[at]:
                if found and not self.signs[at + 1]:
                    break  # because it is another word, such as `new`
                found.insert(0, self.words[at])
            elif self.signs[at] not in ACCESS:
                break
        chained = bool(found) and self.signs[at] == ")" and self.signs[at + 1] in ACCESS
        return chained, ".".join(([chain[:LONGEST]] if chained else []) + found)

    def is_index(self, n: int) -> bool:
        """Return whether a bracket is an index.

        It follows a value directly: config["model"], but not vec!["x"].
        """
        behind = self.kinds[n - 1] in {"i", "s"} or self.signs[n - 1] in {")", "]"}
        return behind and self.text[self.ends[n - 1] : self.starts[n]].strip(" ?") == ""

    def table(self, n: int, frame: Frame) -> Frame:
        """Begin a table of TOML, and return its frame."""
        if len(self.stack) > 1 and (self.stack[-1].key or self.stack[-1].held):
            return frame
        names = []
        for at in range(n + 1, len(self.ends)):
            if self.signs[at] == "]" or self.begins_line(at):
                break
            if self.kinds[at] in {"i", "s"}:
                names.append((self.texts[at], self.starts[at]))
        self.stack[0].finish()
        while self.stack:
            self.leave()
        self.hidden = 0
        self.enter(Frame(""))
        self.stack[0].header(names, self.tables, repeated=self.signs[n + 1] == "[")
        return self.stack[0]

    def close(self, opener: str) -> None:
        """Close a bracket. Unmatched ones are ignored."""
        if self.hidden:
            self.hidden -= 1
            return
        wanted = self.open_of[opener] - 1
        while wanted >= 0 and self.open_of[opener] > wanted:
            self.stack[-1].finish()
            done = self.leave()
            outer = self.stack[-1]
            if done.opener == "{" and (outer.opener == "(" or done.value_of.lower() in PARTS):
                outer.group.adopt(done.group.signs)
            if done.opener == "[" and outer.opener == "{" and not outer.key:
                outer.last = done.last  # because it may be a computed key
            if done.index:
                outer.last = done.last
                outer.reads(done.last)
            elif done.opener == "(":
                is_symbol = done.sign == ":" and done.callee.lower() in GETTERS
                outer.asked = done.asked or (done.was_read if is_symbol else "") or outer.asked
                outer.closed, outer.tested = done.callee, done.was_read
                outer.was_read = outer.was_read if done.callee else done.was_read
                outer.chain = done.path
                if done.callee in CHOICES and place(done.last):
                    outer.switched = done.last

    def number(self, n: int, text: str, frame: Frame) -> None:
        """Add a number that follows a key."""
        digits = text.replace("_", "")
        if frame.key and digits.isdigit() and self.signs[n - 1] in GIVES:
            frame.group.number(frame.key, digits, self.starts[n])

    def string(self, n: int, text: str, frame: Frame) -> None:
        """Classify a string: a key, part of another string, or a value."""
        before, after = self.signs[n - 1], self.signs[n + 1]
        given = before in GIVES or before in OTHERWISE
        if after in {":", "=>"} and not (given or frame.ternaries or frame.subject):
            frame.string_key(text, self.starts[n])
        elif before in JOINS or after in JOINS or not self.is_whole(n, after):
            return
        elif self.words[n - 1] in CHOICES and frame.subject:
            frame.group.string(text, self.starts[n], frame.subject)
        elif before or self.words[n - 1] in LEADS or n == 0 or self.begins_line(n):
            frame.value(text, self.starts[n])
        else:
            frame.group.string(text, self.starts[n], "")

    def is_whole(self, n: int, after: str) -> bool:
        """Return whether a string is used unchanged, at most copied."""
        called = after == "." or (after == "->" and self.language == "php")
        return not called or self.words[n + 2] in COPIES
