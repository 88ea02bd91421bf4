"""What differs, as facts: a kind and its arguments, never a sentence.

Each kind of change is one class here. It says what its fingerprint is over (`identity`), how it
reads as JSON (`as_json`), whom it concerns (`names` that calls take, `followed_as` with keys,
`types`), by what findings are sorted (`order`, a key, and `place`, a field), and which of its
fields have a column of their own in the store (`columns`). Its rule is in rules.toml, its sentence
in report/sentences.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, ClassVar, Literal, get_args

from catalog.changes.incident import (
    TROUBLES,
    Incident,
    OfNone,
    Recovered,
    Trouble,
    Undelivered,
)
from catalog.core.clock import stamp
from catalog.core.payload import Drift, Identity
from catalog.core.snapshot import Model
from catalog.core.strict_json import JsonText, values_json


class OfModel:
    """What the changes of one model have in common."""

    __slots__ = ()
    model: Model
    kind: ClassVar[str]
    columns: ClassVar[Mapping[str, str]] = {}

    @property
    def place(self) -> str:
        return ""

    @property
    def names(self) -> tuple[str, ...]:
        return (self.model.name,)

    @property
    def followed_as(self) -> tuple[str, ...]:
        return self.model.name, self.model.key

    @property
    def types(self) -> tuple[str, ...]:
        return (self.model.type,)

    @property
    def order(self) -> str:
        return self.model.key

    @property
    def identity(self) -> Identity:
        return [self.model.key]

    def _head(self) -> dict[str, Any]:
        return {"model": self.model.name, "key": self.model.key, "kind": self.kind}


@dataclass(frozen=True, slots=True)
class Added(OfModel):
    """A model that was never there before."""

    model: Model
    kind: ClassVar[str] = "added"

    def as_json(self, _at: datetime) -> dict[str, Any]:
        return {**self._head(), **values_json(None, self.model.facts)}


@dataclass(frozen=True, slots=True)
class Removed(OfModel):
    """A model that is gone; `model` is what was last said of it."""

    model: Model
    kind: ClassVar[str] = "removed"

    def as_json(self, _at: datetime) -> dict[str, Any]:
        return {**self._head(), **values_json(self.model.facts, None)}


@dataclass(frozen=True, slots=True)
class Restored(OfModel):
    """A model that was gone and is back; `gone_since` is when it was first found missing."""

    model: Model
    gone_since: datetime
    kind: ClassVar[str] = "restored"
    columns: ClassVar[Mapping[str, str]] = {"gone_since": "gone_since"}

    def as_json(self, at: datetime) -> dict[str, Any]:
        away = int((at - self.gone_since).total_seconds())
        gone = {"gone_since": stamp(self.gone_since), "away_seconds": away}
        return {**self._head(), **gone, **values_json(None, self.model.facts)}


@dataclass(frozen=True, slots=True)
class Updated(OfModel):
    """One field of a model has another value; None means that the field was or is missing.

    `field` is the dotted path within the facts (`meta.is_beta`); `model` is the state after.
    """

    model: Model
    field: str
    before: JsonText | None
    after: JsonText | None
    kind: ClassVar[str] = "updated"
    columns: ClassVar[Mapping[str, str]] = {"field": "field", "before": "before", "after": "after"}

    @property
    def place(self) -> str:
        return self.field

    @property
    def identity(self) -> Identity:
        return [self.model.key, self.field, self.before, self.after]

    def as_json(self, _at: datetime) -> dict[str, Any]:
        return {**self._head(), "field": self.field, **values_json(self.before, self.after)}


@dataclass(frozen=True, slots=True)
class Renamed(OfModel):
    """A model that goes by another id, and mostly by another name, while the rest stays.

    `model` is what was last said of it under the former ones; `key` and `name` are the new ones.
    """

    model: Model
    key: str
    name: str
    kind: ClassVar[str] = "renamed"
    columns: ClassVar[Mapping[str, str]] = {"key": "after"}

    @property
    def followed_as(self) -> tuple[str, ...]:
        return self.model.name, self.model.key, self.name, self.key

    @property
    def identity(self) -> Identity:
        return [self.model.key, self.key, self.name]

    def as_json(self, _at: datetime) -> dict[str, Any]:
        return self._head() | self.sides_json()

    def sides_json(self) -> dict[str, Any]:
        """Write who it was and who it is."""
        former = {"key": self.model.key, "name": self.model.name}
        return {"from": former, "to": {"key": self.key, "name": self.name}}


ProbedKind = Literal["ghost", "over", "substituted", "lingering", "phantom", "absent", "answering"]


@dataclass(frozen=True, slots=True)
class Probed(OfNone):
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
    columns: ClassVar[Mapping[str, str]] = {"gone_since": "gone_since"}

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name,)

    @property
    def followed_as(self) -> tuple[str, ...]:
        return (self.name, self.key) if self.key else (self.name,)

    @property
    def types(self) -> tuple[str, ...]:
        return (self.type,) if self.type else ()

    @property
    def identity(self) -> Identity:
        return [self.name, *self.routes, self.answered_as]

    def as_json(self, _at: datetime) -> dict[str, Any]:
        known: dict[str, Any] = {"model": self.name, "key": self.key, "kind": self.kind}
        known |= {"type": self.type, "routes": list(self.routes)}
        known |= {"answers_on": list(self.elsewhere), "said": self.said}
        known |= {"answered_as": self.answered_as, "answered_before_as": self.before}
        known["gone_since"] = stamp(self.gone_since) if self.gone_since else None
        return {name: value for name, value in known.items() if value not in (None, [])}

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
class Retiring(OfNone):
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

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name,)

    @property
    def followed_as(self) -> tuple[str, ...]:
        return self.name, self.key

    @property
    def types(self) -> tuple[str, ...]:
        return (self.type,)

    @property
    def order(self) -> str:
        return self.key

    @property
    def identity(self) -> Identity:
        mark = None if self.mark is None else str(self.mark)
        return [self.key, self.until.isoformat(), self.basis, mark]

    def as_json(self, at: datetime) -> dict[str, Any]:
        known: dict[str, Any] = {"model": self.name, "key": self.key, "kind": self.kind}
        known |= {"type": self.type, "days_left": self.days_left(at), "mark": self.mark}
        known["moved_from"] = self.moved_from and self.moved_from.isoformat()
        known["candidates"] = list(self.candidates) or None
        return {name: value for name, value in known.items() if value is not None}

    def days_left(self, at: datetime) -> int:
        """Return how many days are left; negative when it is over."""
        return (self.until - at.date()).days


ModelChange = Added | Removed | Restored | Updated | Renamed
Change = ModelChange | Drift | Probed | Retiring | Incident
PROBED_KINDS: tuple[ProbedKind, ...] = get_args(ProbedKind)
KINDS: Mapping[str, type[Change]] = {
    **dict.fromkeys(TROUBLES, Trouble),
    **{each.kind: each for each in (Undelivered, Recovered, Removed, Renamed, Retiring)},
    **dict.fromkeys(PROBED_KINDS, Probed),
    **{each.kind: each for each in (Updated, Restored, Added, Drift)},
}
"""The class of each kind, the gravest kind first."""
