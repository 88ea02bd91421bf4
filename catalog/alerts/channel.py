"""Define channels, their messages, and the findings they want."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Protocol

from catalog.alerts.timing import Timing
from catalog.changes.aliases import lost
from catalog.changes.change import Change, Updated
from catalog.changes.finding import Finding, Level, severity
from catalog.changes.incident import Incident
from catalog.changes.rules import rules
from catalog.core.strict_json import parse
from catalog.core.text import count, one_line

Used = Mapping[tuple[str, str], tuple[str, ...]]
"""The files that use each model, by provider and name."""
Usage = Callable[[], Used]
"""Return the used models. Called per message, because code changes."""
SHOWN = 3


def nothing_used() -> Used:
    """Return no used models, because there is no lock."""
    return {}


def names(change: Change, rule: str) -> tuple[str, ...]:
    """Return the names of a change.

    A changed old name and lost aliases are included.
    """
    return *change.names, *former("name", change, rule), *lost(change, rule)


def former(attribute: str, change: Change, rule: str) -> list[str]:
    """Return the old value of a changed attribute."""
    judged = rules().get(rule)
    if judged is None or judged.attribute != attribute or not isinstance(change, Updated):
        return []
    return [] if change.before is None else [str(parse(change.before))]


def is_used(change: Change, finding: Finding, used: Used) -> bool:
    """Return whether the code uses a model of a change."""
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
    """Return the first few files and the number of others."""
    listed = list(files)
    shown, more = ", ".join(listed[:SHOWN]), len(listed) - SHOWN
    return one_line(f"{shown} and {count(more, 'more file')}" if more > 0 else shown)


REPAIRABLE = {401, 403, 404, 408, 425, 429}
"""Client errors that an operator or time can repair. All others end the retries."""
CLIENT_ERRORS = range(400, 500)


@dataclass(frozen=True, slots=True)
class Message:
    """Findings of one poll, or of a digest, for one channel.

    `id` is the same on every attempt, so that a receiver can detect duplicates. `at` is the time of
    the first poll. `findings` are sorted most severe first. A `test` is marked as such. `used`
    holds the files that use each model.
    """

    id: str
    provider: str
    at: datetime
    findings: tuple[Finding, ...]
    test: bool = False
    used: Used = field(default_factory=dict)

    def __post_init__(self) -> None:
        # Sorted here, because every attempt must send the same bytes.
        object.__setattr__(self, "findings", tuple(sorted(self.findings, key=severity)))


@dataclass(frozen=True, slots=True)
class Audience:
    """The findings that a channel wants.

    `level` is the lowest wanted level. `models` are shell patterns for names or keys, `types` are
    provider words, `providers` are provider names. Empty means all. `usage` returns the models that
    the user's code uses, and `in_use` limits findings to them.
    """

    level: Level = Level.INFO
    models: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    in_use: bool = False
    usage: Usage = nothing_used

    def wants(self, finding: Finding) -> bool:
        """Return whether the channel wants a finding, never a quiet one.

        A wave, one change of many models, is wanted as a whole if one of its models is.
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
        names = (*change.followed_as, *former("name", change, rule), *lost(change, rule))
        types = {*change.types, *former("type", change, rule)}
        return self._names_any(names) and (not self.types or not types.isdisjoint(self.types))

    def _names_any(self, names: Iterable[str]) -> bool:
        if not self.models:
            return True
        return any(fnmatchcase(name, pattern) for name in names for pattern in self.models)


class Channel(Protocol):
    """A destination of messages."""

    @property
    def name(self) -> str:
        """Return the name in the configuration."""
        ...

    @property
    def audience(self) -> Audience:
        """Return the wanted findings."""
        ...

    @property
    def timing(self) -> Timing:
        """Return the sending times."""
        ...

    def send(self, message: Message) -> None:
        """Send a message, or raise DeliveryFailed."""
        ...


def is_lasting(status: int) -> bool:
    """Return whether the status means that no retry can succeed."""
    return status in CLIENT_ERRORS and status not in REPAIRABLE
