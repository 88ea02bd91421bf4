"""Define a finding: the meaning of one or more changes."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from catalog.changes.change import KINDS, Basis, Change, OfModel
from catalog.core.snapshot import Model, key_order
from catalog.core.strict_json import canonical
from catalog.core.text import count


@dataclass(frozen=True, slots=True)
class Delisted:
    """A model that is gone, and the promised last day of calls.

    `basis` is the source of that day. Both are None if no day is promised.
    """

    model: Model
    gone_since: datetime
    callable_until: date | None
    basis: Basis | None = None
    ground: str | None = None


class Level(StrEnum):
    """The severity of a finding. Quiet findings are stored, never reported."""

    BREAKING = "breaking"
    WARNING = "warning"
    INFO = "info"
    QUIET = "quiet"

    @property
    def rank(self) -> int:
        """Return 0 for the most severe level, then 1, 2, 3."""
        return _RANKS[self]


_RANKS = {level: rank for rank, level in enumerate(Level)}
REPORTED = (Level.BREAKING, Level.WARNING, Level.INFO)
"""The levels that are reported."""


def counted(levels: Iterable[Level]) -> str:
    """Return the counts by level, such as `7 breaking, 2 warnings`."""
    numbers = Counter(levels)
    return ", ".join(
        count(number, level) if level is Level.WARNING else f"{number:,} {level}"
        for level in Level
        if (number := numbers[level])
    )


@dataclass(frozen=True, slots=True)
class Finding:
    """The meaning of one or more changes of one poll (see waves.py).

    `changes` holds the changes in key order. `at` is the time of the poll. `snapshot` is the number
    of the current snapshot after it. A removal, a rename and an end have `callable_until`, the
    last day of calls, with its source in `basis` and `ground`. `moves` counts the moves of a
    flapping value, including this one. The store sets `number`.
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
    def is_reported(self) -> bool:
        """Return whether this finding is reported."""
        return self.level is not Level.QUIET

    @property
    def is_wave(self) -> bool:
        """Return whether it covers several changes."""
        return len(self.changes) > 1

    @property
    def change(self) -> Change:
        """Return the first change."""
        return self.changes[0]

    @property
    def models(self) -> tuple[Model, ...]:
        """Return the models, each once.

        Drift, probe results, ends and incidents have no models.
        """
        about = (each.model for each in self.changes if isinstance(each, OfModel))
        return tuple({model.key: model for model in about}.values())

    @property
    def fingerprint(self) -> str:
        """Return a stable id that ignores wording, level and time."""
        if not self.is_wave:
            return fingerprint(self.provider, self.change)
        parts = sorted(fingerprint(self.provider, change) for change in self.changes)
        return _short_hash([self.provider, "wave", *parts])


def severity(finding: Finding) -> tuple[object, ...]:
    """Return the sort key: level, kind, model, field."""
    change = finding.change
    keys = () if change.order is None else (key_order(change.order),)
    rank = list(KINDS).index(change.kind)
    return finding.level.rank, rank, keys, change.place, finding.fingerprint


def fingerprint(provider: str, change: Change) -> str:
    """Return a hash of provider, kind and identity: 16 hex digits."""
    return _short_hash([provider, change.kind, *change.identity])


def _short_hash(parts: list[str | None]) -> str:
    return hashlib.sha256(canonical(parts).encode()).hexdigest()[:16]
