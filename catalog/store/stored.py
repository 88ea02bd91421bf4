"""What is stored as text, read back; what nobody here has written is told as damage."""

from datetime import UTC, datetime

from catalog.changes.poll import Outcome
from catalog.core.errors import StoreError

DAMAGED = "`catalog db verify` says what is damaged; `catalog db restore FILE` puts a backup back."
"""The hint of an error where a row cannot be read."""


def to_moment(text: str) -> datetime:
    """Read a moment; aware, in UTC. Raise StoreError."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise StoreError(f"{text!r} is stored, and no time", hint=DAMAGED) from error


def to_outcome(text: str) -> Outcome:
    """Read how a poll ended; raise StoreError."""
    try:
        return Outcome(text)
    except ValueError as error:
        raise StoreError(f"{text!r} is stored, and no poll ends so", hint=DAMAGED) from error
