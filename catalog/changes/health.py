"""Compute provider health and due problem reports from stored polls."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from catalog.changes.incident import TROUBLES, Recovered, Trouble, TroubleKind
from catalog.changes.poll import TROUBLE_OF, Backlog, Outcome


@dataclass(frozen=True, slots=True)
class Patience:
    """The thresholds that delay and repeat problem reports.

    Failing polls are reported after `failures` in a row, an old catalog after `stale_after`. A
    problem that lasts is reported again each time that `remind` has passed.
    """

    failures: int = 3
    remind: timedelta = timedelta(hours=24)
    stale_after: timedelta = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Unwell:
    """All problems since the last accepted poll.

    `since` is when each kind began, `reported` when it was last reported. `failures` counts the
    latest failed polls in a row. `accepted_at` is None before the first accepted poll.
    """

    since: Mapping[TroubleKind, datetime] = field(default_factory=dict)
    reported: Mapping[TroubleKind, datetime] = field(default_factory=dict)
    failures: int = 0
    accepted_at: datetime | None = None

    def accepted_by(self, now: datetime) -> datetime | None:
        """Return the last accepted poll, corrected for a wrong clock.

        A time in the future is replaced by the first problem after it, or by `now`.
        """
        if self.accepted_at is None or self.accepted_at <= now:
            return self.accepted_at
        return min((*self.since.values(), now))


@dataclass(frozen=True, slots=True)
class Watch:
    """The problems known before one poll, and its time."""

    patience: Patience
    known: Unwell
    now: datetime

    def trouble(self, kind: TroubleKind, reason: str) -> Iterator[Trouble]:
        """Yield the reports due for a poll that was not accepted."""
        accepted_at = self.known.accepted_by(self.now)
        old = accepted_at is not None and self.now - accepted_at >= self.patience.stale_after
        # The first failed poll is skipped, because after a long pause one lost poll proves little.
        stale = old and bool(self.known.since)
        if stale and self._is_due("stale"):
            yield Trouble("stale", reason, accepted_at)
        if kind == "failing" and self.known.failures + 1 < self.patience.failures:
            return
        # Only the stale reminder is sent, because it includes the other problem.
        if kind not in self.known.reported or (not stale and self._is_due(kind)):
            yield Trouble(kind, reason, self._since(kind))

    def recovery(self, *, changed: bool) -> Iterator[Recovered]:
        """Yield the recovery of all reported problems after an accepted poll.

        If a held answer was the only problem and is accepted with changes, nothing is yielded,
        because the changes are reported.
        """
        reported = [kind for kind in TROUBLES if kind in self.known.reported]
        if changed and reported == ["held"]:
            return
        if reported:
            began = [self._began(kind) for kind in reported]
            yield Recovered(tuple(reported), min(began))

    def _is_due(self, kind: TroubleKind) -> bool:
        reported = self.known.reported.get(kind)
        # A future report time is ignored, because the clock was wrong.
        return (
            reported is None or reported > self.now or self.now - reported >= self.patience.remind
        )

    def _since(self, kind: TroubleKind) -> datetime | None:
        since = self.known.since.get(kind)
        return None if since is None else min(since, self.now)

    def _began(self, kind: TroubleKind) -> datetime:
        accepted_at = self.known.accepted_by(self.now)
        if kind == "stale" and accepted_at is not None:
            return accepted_at
        return min(self.known.since[kind], self.now)


SENDING = timedelta(minutes=10)
"""The maximum time that a pass needs to send. Messages that are due for longer were missed."""


class State(StrEnum):
    """The state of a provider. All but `ok` need attention."""

    OK = "ok"
    STALE = "stale"
    FAILING = "failing"
    HELD = "held"
    INVALID = "invalid"


class Freshness(StrEnum):
    """The age class of the last accepted poll, by two thresholds."""

    OK = "ok"
    WARN = "warn"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Tolerance:
    """The limits of failures in a row and of the catalog's age."""

    failures: int
    warn_after: timedelta
    error_after: timedelta


@dataclass(frozen=True, slots=True)
class Health:
    """The state and freshness. `age` is None before the first accepted poll."""

    state: State
    freshness: Freshness
    age: timedelta | None

    @property
    def is_well(self) -> bool:
        """Return whether no attention is needed."""
        return self.state is State.OK and self.freshness is Freshness.OK


def examine(
    unwell: Unwell,
    last: Outcome | None,
    tolerance: Tolerance,
    now: datetime,
    *,
    answered: Outcome | None = None,
) -> Health:
    """Compute the health. `last` is the outcome of the newest poll.

    Fewer failed polls than the tolerance do not count. One held or invalid poll does, even if later
    polls failed: `answered` is the outcome of the newest poll with an answer.
    """
    accepted_at = unwell.accepted_by(now)
    age = None if accepted_at is None else now - accepted_at
    freshness = _freshness(age, tolerance)
    trouble = None if last is None else TROUBLE_OF.get(last)
    if trouble == "failing" and unwell.failures < tolerance.failures:
        trouble = None if answered is None else TROUBLE_OF.get(answered)
    if trouble is not None:
        return Health(State(trouble), freshness, age)
    return Health(State.OK if freshness is Freshness.OK else State.STALE, freshness, age)


def is_overdue(waiting: Backlog, polled_at: datetime | None, now: datetime) -> bool:
    """Return whether the last poll missed a due message."""
    if waiting.due_at is None or polled_at is None:
        return False
    return waiting.due_at <= polled_at <= now - SENDING


def _freshness(age: timedelta | None, tolerance: Tolerance) -> Freshness:
    if age is None or age >= tolerance.error_after:
        return Freshness.ERROR
    return Freshness.WARN if age >= tolerance.warn_after else Freshness.OK
