"""Read values stored as text, and report damaged ones."""

from collections.abc import Collection
from datetime import UTC, datetime

from catalog.changes.poll import Outcome
from catalog.core.errors import StoreError
from catalog.core.text import examples

DAMAGED = "`catalog db verify` lists the damage; `catalog db restore FILE` restores a backup."
"""The hint of an error about an unreadable row."""
FIRST = (
    "Run `catalog sync` first, or `catalog init` if there is no configuration yet. "
    "`catalog demo` needs neither."
)
"""The hint of an error about missing data."""
HINTS = {
    "malformed": DAMAGED,
    "not a database": DAMAGED,
    "readonly": "Let this user write to the file and to its folder (`ls -ld` shows permissions).",
    "is full": "Free space on the disk of the database (`df` shows it), then run it again.",
}
"""The next step by a part of SQLite's message."""


def to_moment(text: str) -> datetime:
    """Return a time in UTC, or raise StoreError."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise StoreError(f"the stored time {text!r} is invalid", hint=DAMAGED) from error


def to_outcome(text: str) -> Outcome:
    """Return a poll outcome, or raise StoreError."""
    try:
        return Outcome(text)
    except ValueError as error:
        raise StoreError(f"the stored poll outcome {text!r} is unknown", hint=DAMAGED) from error


def other_program(place: str, tables: Collection[str]) -> str:
    """Return the text of an error about a database without our tables."""
    if not tables:
        return f"{place} has no tables, so it is not a database of this program"
    return f"{place} is another program's database: its tables are {examples(sorted(tables))}"
