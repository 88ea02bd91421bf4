"""One thing that the check has to say of one use."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from catalog.changes.change import Level
from catalog.core.files import shown
from catalog.core.strict_json import Json, canonical


@dataclass(frozen=True, slots=True)
class Notice:
    """What is wrong with one use: where, by which rule, how grave, in one line, and what to do.

    `name` is the model's as written; `instead` what to do or to use, empty where nothing is known.
    `facts` is what programs read beside it: dates as text, limits in tokens.
    """

    path: str
    line: int
    column: int
    rule: str
    level: Level
    name: str
    text: str
    instead: str = ""
    facts: Mapping[str, Json] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """16 hex digits over path, rule and name: the same wherever in the file the use stands."""
        return fingerprint(self.path, self.rule, self.name)

    @property
    def order(self) -> tuple[str, int, int, str]:
        """Sort notices by it: as a person reads the files."""
        return self.path, self.line, self.column, self.rule


def fingerprint(path: str, rule: str, name: str) -> str:
    """Name a notice for the baseline and for code scanning."""
    return hashlib.sha256(canonical([rule, shown(path), name]).encode()).hexdigest()[:16]
