"""Whether all is well with one provider: a pure look at what the store knows."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from catalog.changes.poll import TROUBLE_OF, Outcome, Waiting
from catalog.changes.trouble import Unwell

SENDING = timedelta(minutes=10)
"""So long a pass may take to send; a message that waits for longer was missed by it."""


class State(StrEnum):
    """How it goes; everything but `ok` is something to look at."""

    OK = "ok"
    STALE = "stale"
    FAILING = "failing"
    HELD = "held"
    INVALID = "invalid"


class Freshness(StrEnum):
    """How old the last accepted poll is, by the two thresholds of the settings."""

    OK = "ok"
    WARN = "warn"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Tolerance:
    """What is borne: so many failed polls in a row, and an age of the last accepted poll."""

    failures: int
    warn_after: timedelta
    error_after: timedelta


@dataclass(frozen=True, slots=True)
class Health:
    """How it goes, and how fresh the catalog is. `age` is None where none was ever accepted."""

    state: State
    freshness: Freshness
    age: timedelta | None

    @property
    def is_well(self) -> bool:
        """Whether nobody needs to look."""
        return self.state is State.OK and self.freshness is Freshness.OK


def examine(unwell: Unwell, last: Outcome | None, tolerance: Tolerance, now: datetime) -> Health:
    """Judge by what went wrong since the last accepted poll; `last` is how the newest one ended.

    A failed poll or two in a row are no state yet; a held or invalid one is.
    """
    accepted_at = unwell.accepted_by(now)
    age = None if accepted_at is None else now - accepted_at
    freshness = _freshness(age, tolerance)
    trouble = None if last is None else TROUBLE_OF.get(last)
    if trouble == "failing" and unwell.failures < tolerance.failures:
        trouble = None
    if trouble is not None:
        return Health(State(trouble), freshness, age)
    return Health(State.OK if freshness is Freshness.OK else State.STALE, freshness, age)


def is_overdue(waiting: Waiting, polled_at: datetime | None, now: datetime) -> bool:
    """Whether a message was due when the last poll was made, and has not been tried since."""
    if waiting.due_at is None or polled_at is None:
        return False
    return waiting.due_at <= polled_at <= now - SENDING


def _freshness(age: timedelta | None, tolerance: Tolerance) -> Freshness:
    if age is None or age >= tolerance.error_after:
        return Freshness.ERROR
    return Freshness.WARN if age >= tolerance.warn_after else Freshness.OK
