"""Define a finding: what one change, or many changes of one poll, mean to people."""

import hashlib
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from catalog.changes.change import KINDS, Basis, Change, OfModel
from catalog.core.snapshot import Model, key_order
from catalog.core.strict_json import canonical


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


REPORTED = (Level.BREAKING, Level.WARNING, Level.INFO)
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
        about = (each.model for each in self.changes if isinstance(each, OfModel))
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
    keys = () if change.order is None else (key_order(change.order),)
    rank = list(KINDS).index(change.kind)
    return finding.level.rank, rank, keys, change.place, finding.fingerprint


def fingerprint(provider: str, change: Change) -> str:
    """Return 16 hex digits over provider, kind and identity."""
    return _short_hash([provider, change.kind, *change.identity])


def _short_hash(parts: list[str | None]) -> str:
    return hashlib.sha256(canonical(parts).encode()).hexdigest()[:16]
