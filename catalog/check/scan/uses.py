"""Define uses of models, their places, and ignore comments."""

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import Literal, NamedTuple


class Lines:
    r"""The lines of a text, separated by \n as in editors."""

    def __init__(self, text: str) -> None:
        """Find the starts of the lines."""
        self.starts = [0]
        at = text.find("\n")
        while at >= 0:
            self.starts.append(at + 1)
            at = text.find("\n", at + 1)

    def locate(self, at: int) -> tuple[int, int]:
        """Return line and column of an offset, both from 1."""
        line = bisect_right(self.starts, at)
        return line, at - self.starts[line - 1] + 1


class Columns:
    """A line with offsets in bytes of UTF-8."""

    def __init__(self, line: str) -> None:
        """Count the characters before each stride, unless the text is ASCII."""
        self.encoded = b"" if line.isascii() else line.encode()
        self.before = [0]
        for at in range(0, len(self.encoded), STRIDE):
            self.before.append(self.before[-1] + _letters(self.encoded[at : at + STRIDE]))

    def letters(self, at: int) -> int:
        """Return the number of characters before a byte."""
        if not self.encoded:
            return at
        strides, rest = divmod(min(at, len(self.encoded)), STRIDE)
        return self.before[strides] + _letters(
            self.encoded[strides * STRIDE : strides * STRIDE + rest]
        )


STRIDE = 1024
_INNER = bytes(range(0x80, 0xC0))


def _letters(encoded: bytes) -> int:
    return len(encoded.translate(None, _INNER))


class Beside(NamedTuple):
    """The surroundings of a name.

    `provider` is the provider that the code mentions: "own" for the checked one, else the name of
    another, or empty. `goods` is a key of things for sale, such as `brand`. `call` is whether an
    argument or name belongs to a call of a model.
    """

    provider: str = ""
    goods: str = ""
    call: bool = False


NOTHING = Beside()


@dataclass(frozen=True, slots=True)
class Use:
    """A string in the place of a model name.

    `path` has forward slashes, as given or below the given folder. `line` and `column` count from 1
    and point at the first character of the name inside its quotes. In a notebook they count in the
    file, not in the cell. `name` is the whole string as written. `place` is its argument, key
    or variable, or "" for a known name with a vendor anywhere else. `kind` is "mention" in prose.
    `limit` is a number of tokens beside it, with line and key. `bare` is the name without routing
    prefixes, and `means` the known name that it is, "" for an unknown one. `beside` are its
    surroundings.
    """

    path: str
    line: int
    column: int
    name: str
    place: str
    kind: Literal["use", "mention"]
    limit: int | None = None
    limit_line: int | None = None
    limit_place: str = ""
    bare: str = ""
    means: str = ""
    beside: Beside = NOTHING


@dataclass(frozen=True, slots=True)
class Ignore:
    """A comment `catalog: ignore[rule, rule] reason`.

    `line` is its own line, or the next one if it is alone on its line. Without rules it ignores
    all.
    """

    line: int
    rules: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Scanned:
    """A file with its uses by line and column.

    `about` is whether the text has a marker word. Unknown names in it probably belong to this
    provider. `skipped` is the reason why the file is not checked completely, else "". `is_ai` is
    whether it mentions AI models. `other` is another provider that it calls, if it is not `about`
    the checked one.
    """

    path: str
    uses: tuple[Use, ...]
    ignores: tuple[Ignore, ...]
    about: bool
    skipped: str = ""
    is_ai: bool = False
    other: str = ""


COMMENT = re.compile(
    r"(?:\#|//|/\*|<!--|--|;)[ \t]*catalog:[ \t]*ignore"
    r"(?:\[(?P<rules>[\w ,*-]*)\])?(?P<reason>[^\n]*)"
)
MOST = 20  # maximum rules of one comment


def ignores(text: str) -> tuple[Ignore, ...]:
    """Return all ignore comments in order of their lines."""
    if "catalog:" not in text:
        return ()
    found = []
    lines = Lines(text)
    for match in COMMENT.finditer(text):
        line, _ = lines.locate(match.start())
        alone = not text[text.rfind("\n", 0, match.start()) + 1 : match.start()].strip()
        rules = tuple(filter(None, re.split(r"[\s,]+", match["rules"] or "")))[:MOST]
        reason = match["reason"].rstrip()
        reason = reason.removesuffix("*/" if reason.endswith("*/") else "-->").rstrip()
        reason = reason.lstrip(" \t:-")
        found.append(Ignore(line + alone, rules, reason))
    return tuple(found)
