"""Define what a check can report of one use, and the rules that give it a level."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from catalog.changes.finding import Level
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


@dataclass(frozen=True, slots=True)
class CheckRule:
    """One thing that can be wrong with a use of a model; `why` is for the person who reads it."""

    id: str
    level: Level
    why: str


CHECK_RULES = {
    rule.id: rule
    for rule in (
        CheckRule(
            "refused", Level.BREAKING, "A call by this name was refused: whatever uses it fails."
        ),
        CheckRule(
            "delisted",
            Level.BREAKING,
            "The model is gone from the catalog, and nothing promises that calls still work.",
        ),
        CheckRule("retiring", Level.WARNING, "Calls by this name are about to fail."),
        CheckRule(
            "unknown", Level.WARNING, "No catalog ever had a model of this name: calls are refused."
        ),
        CheckRule(
            "limit", Level.WARNING, "The number beside the name is more than the model takes."
        ),
        CheckRule(
            "changed",
            Level.WARNING,
            "The model is not what it was when the lock was written: answers may differ.",
        ),
        CheckRule(
            "unused-ignore", Level.INFO, "A comment ignores something that is not found there."
        ),
    )
}
