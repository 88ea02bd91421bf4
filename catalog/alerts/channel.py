"""What a channel is told, what it wants to hear, and what every channel can do."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Protocol

from catalog.alerts.timing import Timing
from catalog.change import (
    Change,
    Finding,
    Level,
    ModelChange,
    Probed,
    Recovered,
    Renamed,
    Trouble,
    Undelivered,
    Updated,
    gravity,
)
from catalog.jsontext import parse
from catalog.payload import Drift
from catalog.rules import rules

MENDABLE = {401, 403, 404, 408, 425, 429}
"""Client errors that the receiver's owner, or time, may mend; all others end a message."""


@dataclass(frozen=True, slots=True)
class Message:
    """What a poll found, or several of them in a digest, for one channel.

    `id` is the same on every attempt, so that a receiver can tell a repetition; `at` is the time of
    the first poll that it tells of. `findings` stands gravest first whatever order was given. A
    `test` is marked as one wherever it is read.
    """

    id: str
    provider: str
    at: datetime
    findings: tuple[Finding, ...]
    test: bool = False

    def __post_init__(self) -> None:
        # Kept here and not at the callers: every attempt must send the same bytes.
        object.__setattr__(self, "findings", tuple(sorted(self.findings, key=gravity)))


@dataclass(frozen=True, slots=True)
class Audience:
    """What a channel wants to hear.

    `level` is the lowest level it wants. `models` are shell patterns for names or keys, `types` the
    provider's words, `providers` the names of providers; empty means all.
    """

    level: Level = Level.INFO
    models: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()

    def wants(self, finding: Finding) -> bool:
        """Whether the channel is told; a wave is wanted whole when any of its models is.

        What is quiet is told to nobody, whatever was asked for.
        """
        if finding.level is Level.QUIET or finding.level.rank > self.level.rank:
            return False
        if self.providers and finding.provider not in self.providers:
            return False
        return any(self._concerned(change, finding.rule) for change in finding.changes)

    def _concerned(self, change: Change, rule: str) -> bool:
        match change:
            case Trouble() | Recovered() | Undelivered():
                return True
            case Drift():
                return not self.types and self._names_any(change.models)
            case Probed():
                names = (change.name, *([change.key] if change.key else []))
                return self._names_any(names) and (not self.types or change.type in self.types)
        # Who follows the old name or type must hear that it is no more.
        listed = [change.model.name, change.model.key, *_former("name", change, rule)]
        if isinstance(change, Renamed):
            listed += [change.name, change.key]
        types = {change.model.type, *_former("type", change, rule)}
        return self._names_any(listed) and (not self.types or not types.isdisjoint(self.types))

    def _names_any(self, names: Iterable[str]) -> bool:
        if not self.models:
            return True
        return any(fnmatchcase(name, pattern) for name in names for pattern in self.models)


class Channel(Protocol):
    """One place where people, or their programs, are told."""

    @property
    def name(self) -> str:
        """The name that the configuration gives it."""
        ...

    @property
    def audience(self) -> Audience:
        """What it wants to hear."""
        ...

    @property
    def timing(self) -> Timing:
        """When it may be told."""
        ...

    def send(self, message: Message) -> None:
        """Tell it; raise DeliveryFailed when the message must be sent again later, or never."""
        ...


def is_lasting(status: int) -> bool:
    """Whether a receiver that answers so will never take the message."""
    return 400 <= status < 500 and status not in MENDABLE  # noqa: PLR2004  # the class of client errors


def _former(attribute: str, change: ModelChange, rule: str) -> list[str]:
    judged = rules().get(rule)
    if judged is None or judged.attribute != attribute or not isinstance(change, Updated):
        return []
    return [] if change.before is None else [str(parse(change.before))]
