"""Define what a scan finds: uses with their places, and the comments that ignore them."""

import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

# An offset into what was read, as line and column of the file, both from 1.
Locate = Callable[[int], tuple[int, int]]


class Lines:
    r"""The lines of a text, ended by \n as editors and GitHub count them."""

    def __init__(self, text: str) -> None:
        """Find where each line begins."""
        self.starts = [0]
        at = text.find("\n")
        while at >= 0:
            self.starts.append(at + 1)
            at = text.find("\n", at + 1)

    def locate(self, at: int) -> tuple[int, int]:
        """Give line and column of an offset, both from 1."""
        line = bisect_right(self.starts, at)
        return line, at - self.starts[line - 1] + 1


class Columns:
    """One line, whose offsets are given in bytes of UTF-8."""

    def __init__(self, line: str) -> None:
        """Count the letters up to each stride, unless there is one a byte."""
        self.encoded = b"" if line.isascii() else line.encode()
        self.before = [0]
        for at in range(0, len(self.encoded), STRIDE):
            self.before.append(self.before[-1] + _letters(self.encoded[at : at + STRIDE]))

    def letters(self, at: int) -> int:
        """Count the letters before a byte."""
        if not self.encoded:
            return at
        strides, rest = divmod(min(at, len(self.encoded)), STRIDE)
        return self.before[strides] + _letters(
            self.encoded[strides * STRIDE : strides * STRIDE + rest]
        )


STRIDE = 1024  # bytes
_INNER = bytes(range(0x80, 0xC0))


def _letters(encoded: bytes) -> int:
    return len(encoded.translate(None, _INNER))


@dataclass(frozen=True, slots=True)
class Use:
    """A string that stands where a model's name goes.

    `path` is posix, as given or below the folder that was given. `line` and `column` count from 1
    and point at the first character of the name itself, inside its quotes; in a notebook they are
    those of the file, not of the cell. `name` is the whole string as written. `place` is the
    argument, key or variable that it is given to; "" where a known name with a vendor's prefix
    stands anywhere else. `kind` is "mention" in prose. `limit` is a number of tokens written
    beside it, with the line and the key it was written at.
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


@dataclass(frozen=True, slots=True)
class Ignore:
    """A comment `catalog: ignore[rule, rule] reason`.

    `line` is the line it speaks of: its own, or the next one where it stands alone. No rules
    means all of them.
    """

    line: int
    rules: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Scanned:
    """One file, read: its uses by line and column.

    `about` says whether the text holds one of the marker words, which is evidence that names
    nobody knows are meant for this provider. `skipped` says why the file, or the rest of it, was
    not checked; "" where all of it was.
    """

    path: str
    uses: tuple[Use, ...]
    ignores: tuple[Ignore, ...]
    about: bool
    skipped: str = ""


COMMENT = re.compile(
    r"(?:\#|//|/\*|<!--|--|;)[ \t]*catalog:[ \t]*ignore"
    r"(?:\[(?P<rules>[\w ,*-]*)\])?(?P<reason>[^\n]*)"
)
MOST = 20  # rules of one comment; there are fewer than that


def ignores(text: str) -> tuple[Ignore, ...]:
    """Find them all, in order of their lines."""
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
