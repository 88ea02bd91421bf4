"""What differs, as facts: a kind and its arguments, never a sentence."""

import hashlib
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar, Literal, get_args

from catalog.jsontext import JsonText, canonical
from catalog.payload import Drift
from catalog.snapshot import Model, key_order


@dataclass(frozen=True, slots=True)
class Added:
    """A model that was never there before."""

    model: Model
    kind: ClassVar[str] = "added"


@dataclass(frozen=True, slots=True)
class Removed:
    """A model that is gone; `model` is what was last said of it."""

    model: Model
    kind: ClassVar[str] = "removed"


@dataclass(frozen=True, slots=True)
class Restored:
    """A model that was gone and is back; `gone_since` is when it was first found missing."""

    model: Model
    gone_since: datetime
    kind: ClassVar[str] = "restored"


@dataclass(frozen=True, slots=True)
class Updated:
    """One field of a model has another value; None means that the field was or is missing.

    `field` is the dotted path within the facts (`meta.is_beta`); `model` is the state after.
    """

    model: Model
    field: str
    before: JsonText | None
    after: JsonText | None
    kind: ClassVar[str] = "updated"


@dataclass(frozen=True, slots=True)
class Renamed:
    """A model that goes by another id, and mostly by another name, while the rest stays.

    `model` is what was last said of it under the former ones; `key` and `name` are the new ones.
    """

    model: Model
    key: str
    name: str
    kind: ClassVar[str] = "renamed"


TroubleKind = Literal["stale", "failing", "invalid", "held"]


@dataclass(frozen=True, slots=True)
class Trouble:
    """The catalog could not be read or believed: `reason` is the short ground.

    `since` is when it began, where it lasts already: polls fail, answers are invalid or held, or
    (stale) no answer was accepted since then.
    """

    kind: TroubleKind
    reason: str
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Recovered:
    """Trouble that was told has ended; `since` is when the first of these kinds began."""

    troubles: tuple[TroubleKind, ...]
    since: datetime
    kind: ClassVar[str] = "recovered"


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A channel will not take a message, whatever is tried: `reason` is what it said last."""

    channel: str
    reason: str
    kind: ClassVar[str] = "undelivered"


ProbedKind = Literal["ghost", "over", "substituted", "lingering", "phantom", "absent", "answering"]


@dataclass(frozen=True, slots=True)
class Probed:
    """What calling a model showed that its being listed, or not, does not say.

    A `ghost` is listed and refused on the route it is promised on (`elsewhere` are those where it
    answers), `answering` is its end. Off the list, a model still answers (`lingering`) or is
    refused everywhere (`over`); a `phantom` is in no list and answers; an `absent` one is missing
    from the second list. `substituted` answers as another than `before`. `said` are the provider's
    words.
    """

    kind: ProbedKind
    name: str
    routes: tuple[str, ...]
    key: str | None = None
    type: str | None = None
    gone_since: datetime | None = None
    elsewhere: tuple[str, ...] = ()
    answered_as: str | None = None
    before: str | None = None
    said: str | None = None

    @property
    def told_as(self) -> tuple[str, str]:
        """What it takes the place of when told: by name, and by route or list where that counts."""
        match self.kind:
            case "substituted":
                return self.name, self.routes[0]
            case "absent":
                return self.name, "list"
        return self.name, ""


Basis = Literal["policy", "announced", "proved"]
"""Why a model is said to end: by the provider's policy, by its word, or because it refused."""


@dataclass(frozen=True, slots=True)
class Retiring:
    """The end of a model is known, has moved, or is nearer by a mark.

    `mark` is the mark in days that was reached, None before the first. `moved_from` is the day that
    was told before, where it was another. `candidates` are names that may take its place.
    """

    key: str
    name: str
    type: str
    until: date
    basis: Basis
    ground: str
    mark: int | None = None
    moved_from: date | None = None
    candidates: tuple[str, ...] = ()
    kind: ClassVar[str] = "retiring"

    def days_left(self, at: datetime) -> int:
        """Return how many days are left; negative when it is over."""
        return (self.until - at.date()).days


ModelChange = Added | Removed | Restored | Updated | Renamed
Incident = Trouble | Recovered | Undelivered
"""About the way from the catalog to the people, not about what it says."""
Change = ModelChange | Drift | Probed | Retiring | Incident
TROUBLES: tuple[TroubleKind, ...] = get_args(TroubleKind)
PROBED_KINDS: tuple[ProbedKind, ...] = get_args(ProbedKind)
KINDS = (
    *(*TROUBLES, "undelivered", "recovered", "removed", "renamed", "retiring"),
    *PROBED_KINDS,
    *("updated", "restored", "added", "drift"),
)


@dataclass(frozen=True, slots=True)
class Delisted:
    """A model that is gone: since when, and until which day calls were said to work then.

    `basis` is why that day was said; None where none was.
    """

    model: Model
    gone_since: datetime
    callable_until: date | None
    basis: Basis | None = None
    ground: str | None = None


class Level(StrEnum):
    """How much a finding matters, the gravest first; what is quiet is kept and never told."""

    BREAKING = "breaking"
    WARNING = "warning"
    INFO = "info"
    QUIET = "quiet"

    @property
    def rank(self) -> int:
        """0 for the gravest."""
        return list(Level).index(self)


TOLD = (Level.BREAKING, Level.WARNING, Level.INFO)
"""The levels that people are told of."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one change means, or what many changes of one poll mean together (see waves.py).

    `changes` holds one change, or all that are told as one, in key order. `at` is the time of the
    poll, `snapshot` the number of the one in force after it. A removal, a change of name and the
    end of a model carry `callable_until`, the day until which calls work, and why we say so:
    `basis` and `ground`. What is back at a value it had lately carries its `moves`, this one
    included. `number` is given by the store.
    """

    provider: str
    at: datetime
    rule: str
    level: Level
    changes: tuple[Change, ...]
    callable_until: date | None = None
    ground: str | None = None
    snapshot: int | None = None
    basis: Basis | None = None
    moves: int | None = None
    number: int | None = field(default=None, compare=False)

    @property
    def is_told(self) -> bool:
        """Whether somebody is to hear of it."""
        return self.level is not Level.QUIET

    @property
    def is_wave(self) -> bool:
        """Whether it stands for many changes."""
        return len(self.changes) > 1

    @property
    def change(self) -> Change:
        """The change, or the first of a wave."""
        return self.changes[0]

    @property
    def models(self) -> tuple[Model, ...]:
        """The models it is about, each once; none for drift, probes, ends and incidents."""
        others = Drift | Probed | Retiring | Incident
        about = (each.model for each in self.changes if not isinstance(each, others))
        return tuple({model.key: model for model in about}.values())

    @property
    def fingerprint(self) -> str:
        """The stable name of this finding: never of prose, level or time."""
        if not self.is_wave:
            return fingerprint(self.provider, self.change)
        parts = sorted(fingerprint(self.provider, change) for change in self.changes)
        return _short_hash([self.provider, "wave", *parts])


def gravity(finding: Finding) -> tuple[object, ...]:
    """Sort findings by it: the gravest level first, then by kind, model and field."""
    change = finding.change
    keys = tuple(key_order(model.key) for model in finding.models[:1])
    if isinstance(change, Retiring):
        keys = (key_order(change.key),)
    place = change.field if isinstance(change, Updated | Drift) else ""
    return finding.level.rank, KINDS.index(change.kind), keys, place, finding.fingerprint


def fingerprint(provider: str, change: Change) -> str:
    """Return 16 hex digits over provider, model, kind, field and values."""
    match change:
        case Updated():
            values = [change.model.key, change.field, change.before, change.after]
        case Drift():
            values = [change.what, change.field, change.value]
        case Trouble():
            values = [change.reason]
        case Recovered():
            values = [*change.troubles, change.since.isoformat()]
        case Undelivered():
            values = [change.channel, change.reason]
        case Probed():
            values = [change.name, *change.routes, change.answered_as]
        case Retiring():
            mark = None if change.mark is None else str(change.mark)
            values = [change.key, change.until.isoformat(), change.basis, mark]
        case Renamed():
            values = [change.model.key, change.key, change.name]
        case _:
            values = [change.model.key]
    return _short_hash([provider, change.kind, *values])


def _short_hash(parts: list[str | None]) -> str:
    return hashlib.sha256(canonical(parts).encode()).hexdigest()[:16]
