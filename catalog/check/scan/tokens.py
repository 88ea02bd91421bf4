"""Split text into strings, names, numbers and operators, without a grammar."""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from typing import NamedTuple, cast

BLOCK = r"/\*.*?(?:\*/|\Z)"
SLASH = r"//[^\n]*"
HASH = r"\#[^\n]*"
DOUBLE = r'"(?:[^"\\\n]|\\.)*+"'
SINGLE = r"'(?:[^'\\\n]|\\.)*+'"
# A single character, in languages where single quotes enclose only one.
CHAR = r"'(?:[^'\\\n]|\\[^\n]{1,8}?)'"
BACKTICK = r"`(?:[^`\\]|\\.)*+`"
TRIPLE = r'"{3}.*?"{3}'
TRIPLES = TRIPLE + r"|'{3}.*?'{3}"
# After an operator, a slash opens a regular expression, in which quotes have no meaning. Its length
# is limited and it never backtracks, because a minified file would take minutes.
SLASHED = r"(?:(?<=[=(,:;!&|?{}\[\n])|(?<=return))[ \t]*+/(?![*/])"
SET = r"\[[^\]\\\n]{0,60}+(?:\\.[^\]\\\n]{0,8}+){0,24}+\]"
PATTERN = rf"(?:[^/\\\n\[]|\\.|{SET}){{1,300}}+"
REGEX = rf"{SLASHED}{PATTERN}/[a-z]*"
OPERATORS = (
    r"=>|===?|!==?|:=|\?\?=?|\|\|=?|\+=|\?:|->|::|\?\.|\?->|&&|<-"
    r"|[=:(){}\[\],;?.|&+%]"
)


class Token(NamedTuple):
    """A token with its text and extent.

    `kind` is s for a string, i for a name, n for a number, o for an operator. The text of a string
    is the content of its quotes, and `at` the offset of the first character.
    """

    kind: str
    text: str
    at: int
    end: int


# Used instead of the class, because it takes a third of the time.
_token = cast("Callable[[tuple[str, str, int, int]], Token]", partial(tuple.__new__, Token))

# Openings that may have no end, and their content. The end of that content is remembered, because
# another search for the same opening before it would fail too.
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
# Comments, strings and names of each language.
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
    """Yield the tokens of a text, without comments and unknown characters.

    The time is linear, because an opening without an end is searched only once.
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
    """Return the offset where the search for an end failed."""
    looked = UNCLOSED[sign][1].match(text, at)
    return looked.end() if looked else at


@lru_cache(maxsize=256)
def pattern(language: str, unclosed: frozenset[str]) -> re.Pattern[str]:
    """Return a language's pattern, in which these openings have no meaning."""
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
    """Return the token of a string without its quotes."""
    sign = raw[0]
    if sign in "\"'" and not raw.startswith(sign * 3):
        return _token(("s", raw[1:-1], at + 1, end))
    if sign == "%":  # Ruby's word list gets commas, because other lists have them
        return Token("s", re.sub(r"\s", ",", raw[3:-1]), at + 3, end)
    quote = cast("re.Match[str]", _QUOTE.match(raw))  # because every string begins with a quote
    start, tail = quote.end(), len(quote[1]) + len(quote[2])
    return Token("s", raw[start : len(raw) - tail], at + start, end)
