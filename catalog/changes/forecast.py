"""What happens next: until when a model can be called, why we say so, and what may follow it.

Three grounds, never mixed: it was `proved` by a refusal, `announced` and noted by a person, or it
is the provider's `policy` for models that left. What is proved goes before what is announced, and
that before the policy.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from catalog.changes.change import Basis, Retiring
from catalog.changes.finding import Delisted
from catalog.changes.rules import Lifecycle
from catalog.changes.successors import Successor, successors
from catalog.core.snapshot import Model, key_order

REMIND = (30, 14, 7, 1, 0)
"""So many days before its end, the end of a model is told again."""
AHEAD = timedelta(days=1)
"""What was told so much later than now was told by a clock that was ahead, not by another pass."""
Proof = tuple[datetime, str]
"""Since when a model is refused wherever it was called, and the words for it."""


@dataclass(frozen=True, slots=True)
class Note:
    """What a person noted of a model's future; all None where an earlier note was taken back."""

    key: str
    noted_at: datetime
    retires: date | None = None
    successor: str | None = None
    source: str | None = None

    @property
    def is_withdrawn(self) -> bool:
        """Whether it only takes back what was noted before."""
        return self.retires is None and self.successor is None and self.source is None


@dataclass(frozen=True, slots=True)
class Forecast:
    """Until which day a model can be called, and why we say so.

    By policy it is the last day on which calls work at least, announced the day that was named,
    proved the day from which on it was refused.
    """

    until: date
    basis: Basis
    ground: str

    def days_left(self, now: datetime) -> int:
        """Return how many days are left; negative when it is over."""
        return (self.until - now.date()).days


@dataclass(frozen=True, slots=True)
class Told:
    """What was last told of a model's end, and when."""

    until: date
    basis: Basis
    at: datetime


@dataclass(frozen=True, slots=True)
class Grounds:
    """What the store knows of ends, by key, beside who is gone.

    `notes` holds the newest note of each model, `noted` the listed models among them.
    """

    notes: Mapping[str, Note] = field(default_factory=dict)
    proofs: Mapping[str, Proof] = field(default_factory=dict)
    noted: Mapping[str, Model] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class End:
    """A model with an end; `gone` is None while it is listed."""

    model: Model
    gone: Delisted | None
    forecast: Forecast


def forecast(
    key: str, gone: Delisted | None, grounds: Grounds, lifecycle: Lifecycle | None
) -> Forecast | None:
    """Say until when a model can be called; None where no end of it is known.

    A refusal proves the end of a model that left or was announced to end: one that is merely listed
    and refused has trouble, and no end.
    """
    note, proof = grounds.notes.get(key), grounds.proofs.get(key)
    announced = None if note is None or note.retires is None else _announced(note, note.retires)
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
    """Return what a provider's policy says of a model that left; None without a policy."""
    if lifecycle is None:
        return None
    until = (gone_since + timedelta(days=lifecycle.days)).date()
    return Forecast(until, "policy", lifecycle.ground)


def ends(
    gone: Mapping[str, Delisted], grounds: Grounds, lifecycle: Lifecycle | None
) -> tuple[End, ...]:
    """Return every model with an end, in key order."""
    models = {**grounds.noted, **{key: each.model for key, each in gone.items()}}
    found = []
    for key in sorted(models, key=key_order):
        expected = forecast(key, gone.get(key), grounds, lifecycle)
        if expected is not None:
            found.append(End(models[key], gone.get(key), expected))
    return tuple(found)


def candidates(
    known: Sequence[End], grounds: Grounds, listed: Sequence[Model]
) -> dict[str, tuple[Successor, ...]]:
    """Return what may take the place of each model with an end, by key.

    A model that has an end itself is none of them, unless a person named it.
    """
    ending = {end.model.key for end in known}
    found = {}
    for end in known:
        note = grounds.notes.get(end.model.key)
        named = None if note is None else note.successor
        found[end.model.key] = successors(end.model, listed, named, ending)
    return found


def reached(marks: Iterable[int], days: int) -> int | None:
    """Return the most urgent mark that so many days left have reached; None before the first."""
    return min((mark for mark in marks if days <= mark), default=None)


def retiring(
    known: Iterable[End],
    told: Mapping[str, Told],
    marks: Sequence[int],
    since: datetime,
    now: datetime,
) -> tuple[Retiring, ...]:
    """Return what is to be told of ends now; `since` is when this was asked the last time.

    The end of a model is told when it is first known, when it moves or gets another basis, and at
    each mark of days left: once each. Marks that were missed become one, the most urgent. Of what
    was reached when it was asked the last time, nothing is told any more.
    """
    found, since = [], min(since, now)
    for end in known:
        last = _last_told(end.gone, told.get(end.model.key))
        mark = reached(marks, end.forecast.days_left(now))
        # What a clock that was ahead told says nothing of the marks that are still to come.
        asked = since if last is None or last.at > now + AHEAD else max(last.at, since)
        if _is_other(end, last) or (mark is not None and _is_nearer(end, asked, marks, mark)):
            found.append(_retiring(end, last, mark))
    return tuple(found)


def _is_other(end: End, last: Told | None) -> bool:
    return last is None or (last.until, last.basis) != (end.forecast.until, end.forecast.basis)


def _is_nearer(end: End, asked: datetime, marks: Sequence[int], mark: int) -> bool:
    """Whether a mark was reached since this was asked or told the last time."""
    before = reached(marks, end.forecast.days_left(asked))
    return before is None or mark < before


def _retiring(end: End, last: Told | None, mark: int | None) -> Retiring:
    expected = end.forecast
    model = end.model
    return Retiring(
        key=model.key,
        name=model.name,
        type=model.type,
        until=expected.until,
        basis=expected.basis,
        ground=expected.ground,
        mark=mark,
        moved_from=last.until if last is not None and last.until != expected.until else None,
    )


def _last_told(gone: Delisted | None, reminder: Told | None) -> Told | None:
    """Return what was told last: by a reminder, or when the model left."""
    if gone is None or gone.callable_until is None or gone.basis is None:
        return reminder
    if reminder is not None and reminder.at >= gone.gone_since:
        return reminder
    return Told(gone.callable_until, gone.basis, gone.gone_since)


def _announced(note: Note, retires: date) -> Forecast:
    return Forecast(retires, "announced", note.source or f"noted on {note.noted_at.date()}")


def _policy(gone: Delisted, lifecycle: Lifecycle | None) -> Forecast | None:
    """Return what was said when the model left; worked out anew where other grounds counted."""
    if gone.basis == "policy" and gone.callable_until is not None and gone.ground is not None:
        return Forecast(gone.callable_until, "policy", gone.ground)
    return by_policy(gone.gone_since, lifecycle)
