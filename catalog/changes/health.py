"""Judge from the stored polls whether a provider is read well, and when to report trouble."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from catalog.changes.incident import TROUBLES, Recovered, Trouble, TroubleKind
from catalog.changes.poll import TROUBLE_OF, Outcome, Waiting


@dataclass(frozen=True, slots=True)
class Patience:
    """How long trouble is borne in silence.

    Polls that fail are told from `failures` in a row, an old catalog after `stale_after`. What
    lasts is told again after each `remind`.
    """

    failures: int = 3
    remind: timedelta = timedelta(hours=24)
    stale_after: timedelta = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Unwell:
    """All that went wrong since the last accepted poll, which ends everything.

    `since` is when each kind of trouble was first met, `told` when it was last told. `failures`
    counts the newest polls that failed; `accepted_at` is None where no poll was accepted yet.
    """

    since: Mapping[TroubleKind, datetime] = field(default_factory=dict)
    told: Mapping[TroubleKind, datetime] = field(default_factory=dict)
    failures: int = 0
    accepted_at: datetime | None = None

    def accepted_by(self, now: datetime) -> datetime | None:
        """Return when the last poll was accepted; one of the future was before what came next."""
        if self.accepted_at is None or self.accepted_at <= now:
            return self.accepted_at
        return min((*self.since.values(), now))


@dataclass(frozen=True, slots=True)
class Watch:
    """One poll's view of the trouble: what was known before it, and when it is."""

    patience: Patience
    known: Unwell
    now: datetime

    def trouble(self, kind: TroubleKind, reason: str) -> Iterator[Trouble]:
        """Yield what is to be told of a poll that was not accepted."""
        accepted_at = self.known.accepted_by(self.now)
        old = accepted_at is not None and self.now - accepted_at >= self.patience.stale_after
        # Not at the first poll that goes wrong: after a long pause, one lost poll says little.
        stale = old and bool(self.known.since)
        if stale and self._is_due("stale"):
            yield Trouble("stale", reason, accepted_at)
        if kind == "failing" and self.known.failures + 1 < self.patience.failures:
            return
        # A stale catalog is reminded of alone: it says the same, and more.
        if kind not in self.known.told or (not stale and self._is_due(kind)):
            yield Trouble(kind, reason, self._since(kind))

    def recovery(self, *, changed: bool) -> Iterator[Recovered]:
        """Yield the end of all that was told, for a poll that was accepted.

        A held answer that is let through needs no word of its own: its changes are told.
        """
        told = [kind for kind in TROUBLES if kind in self.known.told]
        if changed and told == ["held"]:
            return
        if told:
            began = [self._began(kind) for kind in told]
            yield Recovered(tuple(told), min(began))

    def _is_due(self, kind: TroubleKind) -> bool:
        told = self.known.told.get(kind)
        # By a clock that was ahead, nobody knows when it was told.
        return told is None or told > self.now or self.now - told >= self.patience.remind

    def _since(self, kind: TroubleKind) -> datetime | None:
        since = self.known.since.get(kind)
        return None if since is None else min(since, self.now)

    def _began(self, kind: TroubleKind) -> datetime:
        accepted_at = self.known.accepted_by(self.now)
        if kind == "stale" and accepted_at is not None:
            return accepted_at
        return min(self.known.since[kind], self.now)


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
