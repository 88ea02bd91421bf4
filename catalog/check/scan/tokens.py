"""Tokens of the languages that quote their strings: where strings, names and brackets are."""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from typing import NamedTuple, cast

BLOCK = r"/\*.*?(?:\*/|\Z)"
SLASH = r"//[^\n]*"
HASH = r"\#[^\n]*"
DOUBLE = r'"(?:[^"\\\n]|\\.)*+"'
SINGLE = r"'(?:[^'\\\n]|\\.)*+'"
# A single character, in languages where ' opens nothing longer.
CHAR = r"'(?:[^'\\\n]|\\[^\n]{1,8}?)'"
BACKTICK = r"`(?:[^`\\]|\\.)*+`"
TRIPLE = r'"{3}.*?"{3}'
TRIPLES = TRIPLE + r"|'{3}.*?'{3}"
# After an operator, a slash opens a regular expression, and quotes in it open nothing. Its length
# is bounded, and nothing in it is tried twice: else a minified file would take minutes.
SLASHED = r"(?:(?<=[=(,:;!&|?{}\[\n])|(?<=return))[ \t]*+/(?![*/])"
SET = r"\[[^\]\\\n]{0,60}+(?:\\.[^\]\\\n]{0,8}+){0,24}+\]"
PATTERN = rf"(?:[^/\\\n\[]|\\.|{SET}){{1,300}}+"
REGEX = rf"{SLASHED}{PATTERN}/[a-z]*"
OPERATORS = (
    r"=>|===?|!==?|:=|\?\?=?|\|\|=?|\+=|\?:|->|::|\?\.|\?->|&&|<-"
    r"|[=:(){}\[\],;?.|&+%]"
)


class Token(NamedTuple):
    """A token: its kind (s string, i name, n number, o operator), its text and its extent.

    The text of a string is what stands in its quotes, and `at` the offset of its first character.
    """

    kind: str
    text: str
    at: int
    end: int


# Makes a token of its fields in a third of the time of a call of the class.
_token = cast("Callable[[tuple[str, str, int, int]], Token]", partial(tuple.__new__, Token))

# Openings that nothing closes, as they are found, and how far that was looked for. Up to there the
# same opening is not tried again, because that would fail too, and take as long each time.
UNCLOSED = {
    '"': (DOUBLE, re.compile(DOUBLE[1:-1], re.DOTALL)),
    "'": (SINGLE, re.compile(SINGLE[1:-1], re.DOTALL)),
    "`": (BACKTICK, re.compile(BACKTICK[1:-1], re.DOTALL)),
    "/": (REGEX, re.compile(PATTERN, re.DOTALL)),
}
NEVER = r"(?!)"
_PLAIN = r"[A-Za-z_$][\w$]*"
_KEBAB = r"[A-Za-z_][\w-]*"
_RUBY = r"[A-Za-z_$][\w$]*[!?]?"
# Of each language its comments, its strings and its names.
PARTS = {
    "javascript": (f"{BLOCK}|{SLASH}|{REGEX}", f"{DOUBLE}|{SINGLE}|{BACKTICK}", _PLAIN),
    "json": (f"{BLOCK}|{SLASH}", f"{DOUBLE}|{SINGLE}", _PLAIN),
    "php": (rf"{BLOCK}|{SLASH}|\#(?!\[)[^\n]*", f"{DOUBLE}|{SINGLE}", _PLAIN),
    "go": (f"{BLOCK}|{SLASH}", f"{DOUBLE}|{CHAR}|`[^`]*`", _PLAIN),
    "ruby": (
        rf"(?m:^=begin\b).*?(?:(?m:^=end\b)|\Z)|{HASH}",
        rf"{DOUBLE}|{SINGLE}|{BACKTICK}|%[wi]\[[^\]]*(?:\]|\Z)",
        _RUBY,
    ),
    "java": (f"{BLOCK}|{SLASH}", f"{TRIPLE}|{DOUBLE}|{CHAR}", _PLAIN),
    "csharp": (
        f"{BLOCK}|{SLASH}",
        rf'\$*{TRIPLE}|\$?@\$?"(?:[^"]|"")*"|\$?{DOUBLE}|{CHAR}',
        _PLAIN,
    ),
    "rust": (
        f"{BLOCK}|{SLASH}",
        rf'b?r(?P<h>\#*)".*?(?:"(?P=h)|\Z)|b?{DOUBLE}|{CHAR}',
        _PLAIN,
    ),
    "hcl": (f"{BLOCK}|{SLASH}|{HASH}", DOUBLE, _KEBAB),
    "toml": (HASH, f"{TRIPLES}|{DOUBLE}|'[^'\n]*'", _KEBAB),
    "python": (HASH, f"[A-Za-z]{{0,2}}(?:{TRIPLES}|{DOUBLE}|{SINGLE})", _PLAIN),
}
PARTS["kotlin"] = PARTS["java"]
_QUOTE = re.compile(r"[$@a-zA-Z]*(#*)(\"\"\"|'''|[\"'`])")


def tokens(text: str, language: str) -> Iterator[Token]:
    """Yield the tokens of a text, without its comments and what no rule knows.

    The time is linear in the text, because an opening that nothing closes is looked at once.
    """
    at = 0
    unclosed: dict[str, int] = {}
    while at <= len(text):
        until = min(unclosed.values(), default=len(text) + 1)
        for match in pattern(language, frozenset(unclosed)).finditer(text, at):
            start, end = match.span()
            if start >= until:
                at = max(at, until)
                break
            kind, at = match.lastgroup, end
            if kind == "s":
                yield _string(match[0], start, end)
            elif kind == "u":
                if (looked := end_of(match[0][-1], text, end)) > end:
                    unclosed[match[0][-1]] = looked
                    break
            elif kind and kind != "c":
                yield _token((kind, match[0], start, end))
        else:
            at = max(at, until)
        unclosed = {sign: end for sign, end in unclosed.items() if end > at}


def end_of(sign: str, text: str, at: int) -> int:
    """Say how far the close of an opening was looked for in vain."""
    looked = UNCLOSED[sign][1].match(text, at)
    return looked.end() if looked else at


@lru_cache(maxsize=256)
def pattern(language: str, unclosed: frozenset[str]) -> re.Pattern[str]:
    """Make the pattern of a language, in which these openings begin nothing."""
    comments, strings, name = PARTS[language]
    lone = [
        SLASHED if sign == "/" else sign
        for sign, (part, _) in UNCLOSED.items()
        if sign not in unclosed and (part in comments or part in strings)
    ]
    for sign in unclosed:
        comments = comments.replace(UNCLOSED[sign][0], NEVER)
        strings = strings.replace(UNCLOSED[sign][0], NEVER)
    return re.compile(
        rf"(?P<c>{comments})|(?P<s>{strings})|(?P<n>\d[\w]*(?:\.\d\w*)?)|(?P<i>{name})"
        rf"|(?P<o>{OPERATORS})|(?P<u>{'|'.join(lone) or NEVER})",
        re.DOTALL,
    )


def _string(raw: str, at: int, end: int) -> Token:
    """Take the quotes off."""
    sign = raw[0]
    if sign in "\"'" and not raw.startswith(sign * 3):
        return _token(("s", raw[1:-1], at + 1, end))
    if sign == "%":  # Ruby's list of words: separated as in any other string of several
        return Token("s", re.sub(r"\s", ",", raw[3:-1]), at + 3, end)
    quote = cast("re.Match[str]", _QUOTE.match(raw))  # every string begins with a quote
    start, tail = quote.end(), len(quote[1]) + len(quote[2])
    return Token("s", raw[start : len(raw) - tail], at + start, end)
