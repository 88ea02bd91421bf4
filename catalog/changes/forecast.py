"""Compute the last day of calls, its source, and successors.

There are three sources, in order of precedence: `proved` by a refusal, `announced`, or the
provider's `policy` for removed models. An end is announced by a person's note, or else by the
provider's own list.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from catalog.changes.announced import Announcements
from catalog.changes.change import Basis, Retiring
from catalog.changes.finding import Delisted
from catalog.changes.rules import Lifecycle
from catalog.changes.successors import Pool, Successor, successors
from catalog.core.snapshot import Model, key_order

REMIND = (30, 14, 7, 1, 0)
"""Days before an end when it is reported again."""
AHEAD = timedelta(days=1)
"""Reports that are further in the future come from a wrong clock."""
Proof = tuple[datetime, str]
"""The time since when every called route refuses, and the provider's words."""


@dataclass(frozen=True, slots=True)
class Note:
    """A person's note about a model's future.

    Without any value, it withdraws earlier notes.
    """

    key: str
    noted_at: datetime
    retires: date | None = None
    successor: str | None = None
    source: str | None = None

    @property
    def is_withdrawn(self) -> bool:
        """Return whether it only withdraws an earlier note."""
        return self.retires is None and self.successor is None and self.source is None


@dataclass(frozen=True, slots=True)
class Forecast:
    """The last day of calls and its source.

    By policy, `until` is the last day on which calls surely work. If announced, it is the named
    day. If proved, it is the first day of refusals. `is_stated` marks a day from the provider's own
    list.
    """

    until: date
    basis: Basis
    ground: str
    is_stated: bool = False

    def days_left(self, now: datetime) -> int:
        """Return the days left, negative after the end."""
        return (self.until - now.date()).days


@dataclass(frozen=True, slots=True)
class LastReport:
    """The last report of a model's end."""

    until: date
    basis: Basis
    at: datetime


@dataclass(frozen=True, slots=True)
class Evidence:
    """The stored evidence about ends, by key.

    `notes` holds the newest note of each model, `noted` the listed models among them. `stated`
    holds the ends that the provider's own list announces.
    """

    notes: Mapping[str, Note] = field(default_factory=dict)
    proofs: Mapping[str, Proof] = field(default_factory=dict)
    noted: Mapping[str, Model] = field(default_factory=dict)
    stated: Announcements = field(default_factory=dict)

    def announced(self, key: str) -> Forecast | None:
        """Return the announced end of a model. A person's note has precedence."""
        note, stated = self.notes.get(key), self.stated.get(key)
        if note is not None and note.retires is not None:
            return _noted(note, note.retires)
        if stated is None or stated.until is None:
            return None
        return Forecast(stated.until, "announced", stated.source, is_stated=True)

    def successor(self, key: str) -> str | None:
        """Return the successor that a person noted, or else the provider announced."""
        note, stated = self.notes.get(key), self.stated.get(key)
        if note is not None and note.successor is not None:
            return note.successor
        return None if stated is None else stated.successor


@dataclass(frozen=True, slots=True)
class End:
    """A model with an end. `gone` is None while it is listed."""

    model: Model
    gone: Delisted | None
    forecast: Forecast


def forecast(
    key: str, gone: Delisted | None, evidence: Evidence, lifecycle: Lifecycle | None
) -> Forecast | None:
    """Return the last day of calls, None if no end is known.

    A refusal proves an end only of a removed or announced model. A listed model that refuses calls
    has a problem, not an end.
    """
    proof, announced = evidence.proofs.get(key), evidence.announced(key)
    if gone is None and announced is None:
        return None
    proved = None if proof is None else Forecast(proof[0].date(), "proved", proof[1])
    return strongest(proved, announced, None if gone is None else _policy(gone, lifecycle))


def strongest(
    proved: Forecast | None, announced: Forecast | None, policy: Forecast | None
) -> Forecast | None:
    """Return the forecast that counts: proved before announced, announced before policy."""
    return proved or announced or policy


def by_policy(gone_since: datetime, lifecycle: Lifecycle | None) -> Forecast | None:
    """Return the end by the provider's policy, None without a policy."""
    if lifecycle is None:
        return None
    until = (gone_since + timedelta(days=lifecycle.days)).date()
    return Forecast(until, "policy", lifecycle.ground)


def ends(
    gone: Mapping[str, Delisted], evidence: Evidence, lifecycle: Lifecycle | None
) -> tuple[End, ...]:
    """Return every model with an end, in key order."""
    models = {key: each.model for key, each in evidence.stated.items()} | {**evidence.noted}
    models |= {key: each.model for key, each in gone.items()}
    found = []
    for key in sorted(models, key=key_order):
        expected = forecast(key, gone.get(key), evidence, lifecycle)
        if expected is not None:
            found.append(End(models[key], gone.get(key), expected))
    return tuple(found)


def candidates(
    known: Sequence[End],
    evidence: Evidence,
    listed: Sequence[Model],
    leaving: Collection[str] = frozenset(),
) -> dict[str, tuple[Successor, ...]]:
    """Return the possible successors of each model with an end.

    Models with an end, and those with a key in `leaving`, are excluded, unless a person or the
    provider named them.
    """
    if not known:
        return {}  # because grouping a long list takes long
    pool = staying(known, listed, leaving)
    return {end.model.key: replacements(end.model, evidence, pool) for end in known}


def staying(
    known: Iterable[End], listed: Iterable[Model], leaving: Collection[str] = frozenset()
) -> Pool:
    """Return the listed models for `replacements`.

    A model with an end is suggested only if a person or the provider named it.
    """
    return Pool.of(listed, {end.model.key for end in known} | {*leaving})


def replacements(model: Model, evidence: Evidence, pool: Pool) -> tuple[Successor, ...]:
    """Return the possible successors of a model, which may have no end."""
    note, stated = evidence.notes.get(model.key), evidence.stated.get(model.key)
    named = None if note is None else note.successor
    announced = None if stated is None else stated.successor
    return successors(model, pool, named, announced=announced)


def reached(marks: Iterable[int], days: int) -> int | None:
    """Return the smallest mark reached, None before the first."""
    return min((mark for mark in marks if days <= mark), default=None)


def retiring(
    known: Iterable[End],
    reports: Mapping[str, LastReport],
    marks: Sequence[int],
    since: datetime,
    now: datetime,
) -> tuple[Retiring, ...]:
    """Return the ends to report now. `since` is the previous check.

    An end is reported once when it is first known, when its day or source changes, and at each mark
    of days left. Several missed marks become one report of the smallest. Marks that were reached at
    `since` are not reported again.
    """
    found, since = [], min(since, now)
    for end in known:
        if _was_said_by_removal(end):
            continue
        last = _last_report(end.gone, reports.get(end.model.key))
        mark = reached(marks, end.forecast.days_left(now))
        # A report from a clock that was ahead is ignored, because later marks are still due.
        checked = since if last is None or last.at > now + AHEAD else max(last.at, since)
        if _is_other(end, last) or (mark is not None and _is_nearer(end, checked, marks, mark)):
            found.append(_retiring(end, last, mark))
    return tuple(found)


def _is_other(end: End, last: LastReport | None) -> bool:
    return last is None or (last.until, last.basis) != (end.forecast.until, end.forecast.basis)


def _was_said_by_removal(end: End) -> bool:
    """Return whether the model left on its stated day or later."""
    gone = end.gone
    return (
        gone is not None and end.forecast.is_stated and end.forecast.until <= gone.gone_since.date()
    )


def _is_nearer(end: End, checked: datetime, marks: Sequence[int], mark: int) -> bool:
    before = reached(marks, end.forecast.days_left(checked))
    return before is None or mark < before


def _retiring(end: End, last: LastReport | None, mark: int | None) -> Retiring:
    expected = end.forecast
    model = end.model
    moved = None if last is None or last.until == expected.until else last
    return Retiring(
        key=model.key,
        name=model.name,
        type=model.type,
        until=expected.until,
        basis=expected.basis,
        ground=expected.ground,
        mark=mark,
        moved_from=None if moved is None else moved.until,
        moved_basis=None if moved is None else moved.basis,
        is_stated=expected.is_stated and _is_other(end, last),
    )


def _last_report(gone: Delisted | None, reminder: LastReport | None) -> LastReport | None:
    if gone is None or gone.callable_until is None or gone.basis is None:
        return reminder
    if reminder is not None and reminder.at >= gone.gone_since:
        return reminder
    return LastReport(gone.callable_until, gone.basis, gone.gone_since)


def _noted(note: Note, retires: date) -> Forecast:
    return Forecast(retires, "announced", note.source or f"noted on {note.noted_at.date()}")


def _policy(gone: Delisted, lifecycle: Lifecycle | None) -> Forecast | None:
    if gone.basis == "policy" and gone.callable_until is not None and gone.ground is not None:
        return Forecast(gone.callable_until, "policy", gone.ground)
    return by_policy(gone.gone_since, lifecycle)
