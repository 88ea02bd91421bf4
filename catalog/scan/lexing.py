"""Tokens of the languages that quote their strings: where strings, names and brackets are."""

import re
from collections.abc import Iterator
from typing import NamedTuple, cast

BLOCK = r"/\*.*?(?:\*/|\Z)"
SLASH = r"//[^\n]*"
HASH = r"\#[^\n]*"
DOUBLE = r'"(?:[^"\\\n]|\\.)*"'
SINGLE = r"'(?:[^'\\\n]|\\.)*'"
# A single character, in languages where ' opens nothing longer.
CHAR = r"'(?:[^'\\\n]|\\[^\n]{1,8}?)'"
BACKTICK = r"`(?:[^`\\]|\\.)*`"
TRIPLE = r'"{3}.*?"{3}'
TRIPLES = TRIPLE + r"|'{3}.*?'{3}"
# After an operator, a slash opens a regular expression, and quotes in it open nothing. Its length
# is bounded, and nothing in it is tried twice: else a minified file would take minutes.
REGEX = (
    r"(?:(?<=[=(,:;!&|?{}\[\n])|(?<=return))[ \t]*"
    r"/(?![*/])(?:[^/\\\n\[]|\\.|\[(?:[^\]\\\n]|\\.){0,100}+\]){1,300}+/[a-z]*"
)
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


def _pattern(comments: str, strings: str, name: str = r"[A-Za-z_$][\w$]*[!?]?") -> re.Pattern[str]:
    return re.compile(
        rf"(?P<c>{comments})|(?P<s>{strings})|(?P<n>\d[\w]*(?:\.\d\w*)?)|(?P<i>{name})"
        rf"|(?P<o>{OPERATORS})",
        re.DOTALL,
    )


_PLAIN = r"[A-Za-z_$][\w$]*"
_KEBAB = r"[A-Za-z_][\w-]*"
PATTERNS = {
    "javascript": _pattern(f"{BLOCK}|{SLASH}|{REGEX}", f"{DOUBLE}|{SINGLE}|{BACKTICK}", _PLAIN),
    "json": _pattern(f"{BLOCK}|{SLASH}", f"{DOUBLE}|{SINGLE}", _PLAIN),
    "php": _pattern(rf"{BLOCK}|{SLASH}|\#(?!\[)[^\n]*", f"{DOUBLE}|{SINGLE}", _PLAIN),
    "go": _pattern(f"{BLOCK}|{SLASH}", f"{DOUBLE}|{CHAR}|`[^`]*`", _PLAIN),
    "ruby": _pattern(
        rf"(?m:^=begin\b).*?(?m:^=end\b)|{HASH}",
        rf"{DOUBLE}|{SINGLE}|{BACKTICK}|%[wi]\[[^\]]*(?:\]|\Z)",
    ),
    "java": _pattern(f"{BLOCK}|{SLASH}", f"{TRIPLE}|{DOUBLE}|{CHAR}", _PLAIN),
    "csharp": _pattern(
        f"{BLOCK}|{SLASH}", rf'\$*{TRIPLE}|\$?@\$?"(?:[^"]|"")*"|\$?{DOUBLE}|{CHAR}', _PLAIN
    ),
    "rust": _pattern(
        f"{BLOCK}|{SLASH}", rf'b?r(?P<h>\#*)".*?(?:"(?P=h)|\Z)|b?{DOUBLE}|{CHAR}', _PLAIN
    ),
    "hcl": _pattern(f"{BLOCK}|{SLASH}|{HASH}", DOUBLE, _KEBAB),
    "toml": _pattern(HASH, f"{TRIPLES}|{DOUBLE}|'[^'\n]*'", _KEBAB),
    "python": _pattern(HASH, f"[A-Za-z]{{0,2}}(?:{TRIPLES}|{DOUBLE}|{SINGLE})", _PLAIN),
}
PATTERNS["kotlin"] = PATTERNS["java"]
_QUOTE = re.compile(r"[$@a-zA-Z]*(#*)(\"\"\"|'''|[\"'`])")


def tokens(text: str, language: str) -> Iterator[Token]:
    """Yield the tokens of a text, without its comments and what no rule knows."""
    for match in PATTERNS[language].finditer(text):
        kind = match.lastgroup
        if kind == "s":
            yield _string(match)
        elif kind is not None and kind != "c":
            yield Token(kind, match[0], match.start(), match.end())


def _string(match: re.Match[str]) -> Token:
    """Take the quotes off."""
    raw = match[0]
    if raw.startswith("%"):  # Ruby's list of words: separated as in any other string of several
        return Token("s", re.sub(r"\s", ",", raw[3:-1]), match.start() + 3, match.end())
    quote = cast("re.Match[str]", _QUOTE.match(raw))  # every string begins with a quote
    start, tail = quote.end(), len(quote[1]) + len(quote[2])
    return Token("s", raw[start : len(raw) - tail], match.start() + start, match.end())
