"""Incidents: what happens on the way from the provider to the people.

They are changes too, of kinds of their own; see change.py for what each class answers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Literal, get_args

from catalog.core.clock import stamp
from catalog.core.payload import Identity


class OfNone:
    """What the changes have in common that are about no model, or about one only by its name."""

    __slots__ = ()
    columns: ClassVar[Mapping[str, str]] = {}

    @property
    def names(self) -> tuple[str, ...]:
        return ()

    @property
    def followed_as(self) -> tuple[str, ...]:
        return self.names

    @property
    def types(self) -> tuple[str, ...]:
        return ()

    @property
    def place(self) -> str:
        return ""

    @property
    def order(self) -> str | None:
        return None


TroubleKind = Literal["stale", "failing", "invalid", "held"]


@dataclass(frozen=True, slots=True)
class Trouble(OfNone):
    """The catalog could not be read or believed: `reason` is the short ground.

    `since` is when it began, where it lasts already: polls fail, answers are invalid or held, or
    (stale) no answer was accepted since then.
    """

    kind: TroubleKind
    reason: str
    since: datetime | None = None

    @property
    def identity(self) -> Identity:
        return [self.reason]

    def as_json(self, _at: datetime) -> dict[str, Any]:
        since = {} if self.since is None else {"since": stamp(self.since)}
        return {"kind": self.kind, "reason": self.reason, **since}


@dataclass(frozen=True, slots=True)
class Recovered(OfNone):
    """Trouble that was told has ended; `since` is when the first of these kinds began."""

    troubles: tuple[TroubleKind, ...]
    since: datetime
    kind: ClassVar[str] = "recovered"

    @property
    def identity(self) -> Identity:
        return [*self.troubles, self.since.isoformat()]

    def as_json(self, _at: datetime) -> dict[str, Any]:
        return {"kind": self.kind, "troubles": list(self.troubles), "since": stamp(self.since)}


@dataclass(frozen=True, slots=True)
class Undelivered(OfNone):
    """A channel will not take a message, whatever is tried: `reason` is what it said last."""

    channel: str
    reason: str
    kind: ClassVar[str] = "undelivered"

    @property
    def identity(self) -> Identity:
        return [self.channel, self.reason]

    def as_json(self, _at: datetime) -> dict[str, Any]:
        return {"kind": self.kind, "channel": self.channel, "reason": self.reason}


Incident = Trouble | Recovered | Undelivered
"""About the way from the catalog to the people, not about what it says."""


TROUBLES: tuple[TroubleKind, ...] = get_args(TroubleKind)
