"""Define each kind of change as facts, without any wording.

Each class gives its fingerprint (`identity`), its JSON (`as_json`), its models (`names` in calls,
`followed_as`: the names and keys that a channel can follow, and `types`), its sort order (`order`,
`place`), and its database columns (`columns`). Its rule is in rules.toml, its sentence in
report/sentences.py.
"""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from datetime import date, datetime
from typing import Any, ClassVar, Literal, get_args

from catalog.changes.incident import TROUBLES, Incident, OfNone, Recovered, Trouble, Undelivered
from catalog.core.clock import stamp
from catalog.core.payload import Drift, Identity
from catalog.core.snapshot import Model
from catalog.core.strict_json import JsonText, values_json


class OfModel:
    """The parts that all changes of one model share."""

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
        return *self.names, self.model.key

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
    """A model that was never listed before."""

    model: Model
    kind: ClassVar[str] = "added"

    def as_json(self, _at: datetime) -> dict[str, Any]:
        return {**self._head(), **values_json(None, self.model.facts)}


@dataclass(frozen=True, slots=True)
class Removed(OfModel):
    """A model that is no longer listed, with its last known `model`.

    A person or the provider announced `successor`. `candidates` may replace the model, best first.
    Other models now answer `moved_aliases`. No model answers `aliases`.
    """

    model: Model
    successor: str | None = None
    aliases: tuple[str, ...] = ()
    moved_aliases: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()
    kind: ClassVar[str] = "removed"

    @property
    def names(self) -> tuple[str, ...]:
        return self.model.name, *self.aliases, *self.moved_aliases

    def as_json(self, _at: datetime) -> dict[str, Any]:
        lists = {
            each: list(getattr(self, each)) for each in ("candidates", "aliases", "moved_aliases")
        }
        known: dict[str, Any] = {"successor": self.successor, **lists}
        named = {name: value for name, value in known.items() if value}
        return {**self._head(), **named, **values_json(self.model.facts, None)}


@dataclass(frozen=True, slots=True)
class Restored(OfModel):
    """A model that is listed again. It was missing since `gone_since`."""

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
    """A new value of one field. None marks a missing field.

    `field` is the dotted path within the facts (`meta.is_beta`). `model` is the state after the
    change. `since` is when a flapping value settled, None for a new change.
    """

    model: Model
    field: str
    before: JsonText | None
    after: JsonText | None
    _: KW_ONLY
    since: datetime | None = None
    kind: ClassVar[str] = "updated"
    columns: ClassVar[Mapping[str, str]] = {"field": "field", "before": "before", "after": "after"}

    @property
    def place(self) -> str:
        return self.field

    @property
    def identity(self) -> Identity:
        return [self.model.key, self.field, self.before, self.after]

    def as_json(self, _at: datetime) -> dict[str, Any]:
        since = {} if self.since is None else {"since": stamp(self.since)}
        values = values_json(self.before, self.after)
        return {**self._head(), "field": self.field, **since, **values}


@dataclass(frozen=True, slots=True)
class Renamed(OfModel):
    """A model with a new id and usually a new name.

    `model` is its last state under the old id. `key` and `name` are the new ones. Most other facts
    are equal.
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
        """Return the old and new key and name as JSON."""
        former = {"key": self.model.key, "name": self.model.name}
        return {"from": former, "to": {"key": self.key, "name": self.name}}


ProbedKind = Literal["ghost", "over", "substituted", "lingering", "phantom", "absent", "answering"]


@dataclass(frozen=True, slots=True)
class Probed(OfNone):
    """A difference between the list and real calls of a model.

    A `ghost` is listed, but its promised route refuses it (`elsewhere` lists routes that work). An
    `answering` model was a ghost and works again. A `lingering` model is not listed but answers.
    An `over` model is not listed, and every route refuses it. A `phantom` answers but is in no
    list. An `absent` model is missing from the second list. A `substituted` model answers under
    another name than `before`. `said` quotes the provider.
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
    def report_key(self) -> tuple[str, str]:
        """Return the name, and the route or list, that identify a report."""
        match self.kind:
            case "substituted":
                return self.name, self.routes[0]
            case "absent":
                return self.name, "list"
        return self.name, ""


Basis = Literal["policy", "announced", "proved"]
"""The source of an end date: provider policy, announcement, or refusal."""


class OfEnd(OfNone):
    """The parts that all changes of the end of one model share."""

    __slots__ = ()
    key: str
    name: str
    type: str
    kind: ClassVar[str]

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

    def _head(self) -> dict[str, Any]:
        return {"model": self.name, "key": self.key, "kind": self.kind, "type": self.type}


@dataclass(frozen=True, slots=True)
class Retiring(OfEnd):
    """A report of the end of a model: new, moved, or closer.

    `mark` is the reminder in days before the end, None before the first one. `moved_from` is the
    previously reported day if it differs, `moved_basis` is its source. `candidates` are possible
    successors, `successor` is the one that a person or the provider named. `is_stated` marks a new
    or moved end in the provider's own list.
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
    successor: str | None = None
    moved_basis: Basis | None = None
    is_stated: bool = False
    kind: ClassVar[str] = "retiring"

    @property
    def identity(self) -> Identity:
        mark = None if self.mark is None else str(self.mark)
        return [self.key, self.until.isoformat(), self.basis, mark]

    def as_json(self, at: datetime) -> dict[str, Any]:
        known = self._head() | {"days_left": self.days_left(at), "mark": self.mark}
        known["moved_from"] = self.moved_from and self.moved_from.isoformat()
        known |= {"successor": self.successor, "candidates": list(self.candidates) or None}
        return {name: value for name, value in known.items() if value is not None}

    def days_left(self, at: datetime) -> int:
        """Return the days left, negative after the end."""
        return (self.until - at.date()).days

    @property
    def shift(self) -> str | None:
        """Return whether an announced end was `postponed` or `brought forward`."""
        if self.moved_from is None or {self.basis, self.moved_basis} != {"announced"}:
            return None
        return "postponed" if self.until > self.moved_from else "brought forward"


@dataclass(frozen=True, slots=True)
class Cancelled(OfEnd):
    """An end of a listed model that is no longer announced.

    `was` is the reported day.
    """

    key: str
    name: str
    type: str
    was: date
    kind: ClassVar[str] = "cancelled"

    @property
    def identity(self) -> Identity:
        return [self.key, self.was.isoformat()]

    def as_json(self, _at: datetime) -> dict[str, Any]:
        return self._head() | {"was": self.was.isoformat()}


ModelChange = Added | Removed | Restored | Updated | Renamed
OUT = (Removed, Renamed)
"""Changes after which the former key of a model is not listed."""
EndChange = Retiring | Cancelled
Change = ModelChange | Drift | Probed | EndChange | Incident
ENDED = (Undelivered, Recovered, Removed, Renamed, Retiring, Cancelled)
PROBED_KINDS: tuple[ProbedKind, ...] = get_args(ProbedKind)
KINDS: Mapping[str, type[Change]] = {
    **dict.fromkeys(TROUBLES, Trouble),
    **{each.kind: each for each in ENDED},
    **dict.fromkeys(PROBED_KINDS, Probed),
    **{each.kind: each for each in (Updated, Restored, Added, Drift)},
}
"""The class of each kind, most severe kind first."""
