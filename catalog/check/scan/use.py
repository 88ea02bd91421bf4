"""What a scan finds: values that say where a name stands, and nothing about what it means."""

from dataclasses import dataclass
from typing import Literal


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
