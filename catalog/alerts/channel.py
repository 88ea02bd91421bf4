"""Define what every channel can do, what it is sent, and which findings it wants."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Protocol

from catalog.alerts.timing import Timing
from catalog.changes.change import Change, Updated
from catalog.changes.finding import Finding, Level, gravity
from catalog.changes.incident import Incident
from catalog.changes.rules import rules
from catalog.core.strict_json import parse
from catalog.core.text import count, one_line

Used = Mapping[tuple[str, str], tuple[str, ...]]
"""The files that use each model, by provider and name."""
Usage = Callable[[], Used]
"""Returns what is used; called for each message, because code changes."""
SHOWN = 3


def nothing_used() -> Used:
    """Return that nothing is known to be used, because there is no lock."""
    return {}


def names(change: Change, rule: str) -> tuple[str, ...]:
    """Return the names that a change is about: also the old one where it is about the name."""
    return *change.names, *former("name", change, rule)


def former(attribute: str, change: Change, rule: str) -> list[str]:
    """Return what an attribute was, where that is what changed."""
    judged = rules().get(rule)
    if judged is None or judged.attribute != attribute or not isinstance(change, Updated):
        return []
    return [] if change.before is None else [str(parse(change.before))]


def is_used(change: Change, finding: Finding, used: Used) -> bool:
    """Whether any model that a change is about is used."""
    return any((finding.provider, name) in used for name in names(change, finding.rule))


def used_in(finding: Finding, used: Used) -> tuple[str, ...]:
    """Return the files that use any model of a finding, sorted."""
    found = {
        file
        for change in finding.changes
        for name in names(change, finding.rule)
        for file in used.get((finding.provider, name), ())
    }
    return tuple(sorted(found))


def files_text(files: Iterable[str]) -> str:
    """Name the first few files, and say how many more there are."""
    listed = list(files)
    shown, more = ", ".join(listed[:SHOWN]), len(listed) - SHOWN
    return one_line(f"{shown} and {count(more, 'more file')}" if more > 0 else shown)


MENDABLE = {401, 403, 404, 408, 425, 429}
"""Client errors that the receiver's owner, or time, may mend; all others end a message."""
CLIENT_ERRORS = range(400, 500)


@dataclass(frozen=True, slots=True)
class Message:
    """What a poll found, or several of them in a digest, for one channel.

    `id` is the same on every attempt, so that a receiver can tell a repetition; `at` is the time of
    the first poll that it tells of. `findings` stands gravest first whatever order was given. A
    `test` is marked as one wherever it is read. `used` names the files that use each model.
    """

    id: str
    provider: str
    at: datetime
    findings: tuple[Finding, ...]
    test: bool = False
    used: Used = field(default_factory=dict)

    def __post_init__(self) -> None:
        # Kept here and not at the callers: every attempt must send the same bytes.
        object.__setattr__(self, "findings", tuple(sorted(self.findings, key=gravity)))


@dataclass(frozen=True, slots=True)
class Audience:
    """What a channel wants to hear.

    `level` is the lowest level it wants. `models` are shell patterns for names or keys, `types` the
    provider's words, `providers` the names of providers; empty means all. `usage` says what the
    user's code uses, and `in_use` that only changes of such models are wanted.
    """

    level: Level = Level.INFO
    models: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    in_use: bool = False
    usage: Usage = nothing_used

    def wants(self, finding: Finding) -> bool:
        """Whether the channel is told; a wave is wanted whole when any of its models is.

        What is quiet is told to nobody, whatever was asked for.
        """
        if finding.level is Level.QUIET or finding.level.rank > self.level.rank:
            return False
        if self.providers and finding.provider not in self.providers:
            return False
        concerned = [each for each in finding.changes if self._concerned(each, finding.rule)]
        if self.in_use and not isinstance(finding.change, Incident):
            used = self.usage()
            return any(is_used(change, finding, used) for change in concerned)
        return bool(concerned)

    def _concerned(self, change: Change, rule: str) -> bool:
        if isinstance(change, Incident):
            return True
        # Followers of the old name or type get the message too, because it is gone.
        names = (*change.followed_as, *former("name", change, rule))
        types = {*change.types, *former("type", change, rule)}
        return self._names_any(names) and (not self.types or not types.isdisjoint(self.types))

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
    return status in CLIENT_ERRORS and status not in MENDABLE
