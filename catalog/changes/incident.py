"""Define incidents: problems between the provider and the reader.

An incident is a change of a separate kind. See change.py for the interface.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Literal, get_args

from catalog.core.clock import stamp
from catalog.core.payload import Identity


class OfNone:
    """The parts shared by changes without a model snapshot."""

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
    """A failed, invalid or held poll, or a stale catalog.

    `reason` is short. `since` is when a lasting problem began. For `stale` it is the last accepted
    poll. A held answer has the names of the `missing` models. It is accepted after `polls_left`
    more polls, but not before `accepted_from`.
    """

    kind: TroubleKind
    reason: str
    since: datetime | None = None
    missing: tuple[str, ...] = ()
    polls_left: int | None = None
    accepted_from: datetime | None = None

    @property
    def identity(self) -> Identity:
        return [self.reason]

    def as_json(self, _at: datetime) -> dict[str, Any]:
        known: dict[str, Any] = {"kind": self.kind, "reason": self.reason}
        known["since"] = self.since and stamp(self.since)
        known |= {"missing": list(self.missing) or None, "polls_left": self.polls_left}
        known["accepted_from"] = self.accepted_from and stamp(self.accepted_from)
        return {name: value for name, value in known.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Recovered(OfNone):
    """The end of reported problems. `since` is the earliest start."""

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
    """A message that was given up, with its last error."""

    channel: str
    reason: str
    kind: ClassVar[str] = "undelivered"

    @property
    def identity(self) -> Identity:
        return [self.channel, self.reason]

    def as_json(self, _at: datetime) -> dict[str, Any]:
        return {"kind": self.kind, "channel": self.channel, "reason": self.reason}


Incident = Trouble | Recovered | Undelivered
"""A problem of polls or messages, or its end. It is no change of a listed model."""


TROUBLES: tuple[TroubleKind, ...] = get_args(TroubleKind)
