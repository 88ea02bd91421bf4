"""Define the notices of a check, and the rules with their levels."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from catalog.changes.finding import Level
from catalog.core.files import shown
from catalog.core.strict_json import Json, canonical


@dataclass(frozen=True, slots=True)
class Notice:
    """A problem of one use: place, rule, level, text and advice.

    `name` is the model name as written. `instead` is the advice, empty if unknown. `facts` are for
    programs: dates as text, limits in tokens.
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
        """Return 16 hex digits of path, rule and name, without the line."""
        return fingerprint(self.path, self.rule, self.name)

    @property
    def order(self) -> tuple[str, int, int, str]:
        """Return the sort key: path, line, column, rule."""
        return self.path, self.line, self.column, self.rule


def fingerprint(path: str, rule: str, name: str) -> str:
    """Return the id of a notice in baselines and code scanning."""
    return hashlib.sha256(canonical([rule, shown(path), name]).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class CheckRule:
    """One kind of problem. `why` explains it to the user, `about` (Markdown) says more."""

    id: str
    level: Level
    why: str
    about: str


CHECK_RULES = {
    rule.id: rule
    for rule in (
        CheckRule(
            "refused",
            Level.BREAKING,
            "The provider refuses calls of this model: code that uses it fails.",
            "A probe was refused on every route, and again later. The notice quotes the provider.",
        ),
        CheckRule(
            "delisted",
            Level.BREAKING,
            "The model is removed from the catalog, and calls can fail at any time.",
            "The promised days are over, but some names work for months after that. The same is "
            "true for an alias that its model no longer lists, and for a listed model whose "
            "[status](providers.md#ends-and-status-words) means gone.",
        ),
        CheckRule(
            "retiring",
            Level.WARNING,
            "Calls of this model will soon fail.",
            "The model is removed and within the promised days, or a note, the provider's list or "
            "its status announces the end. An end after `check.within` is `info`.",
        ),
        CheckRule(
            "unknown",
            Level.WARNING,
            "No catalog ever had a model of this name: calls are refused.",
            "Reported only if the name is probably meant for this provider: the file mentions the "
            "provider, or the name is similar to a known one. Names of other providers are "
            "[not counted](#what-is-not-counted).",
        ),
        CheckRule(
            "limit",
            Level.WARNING,
            "The number beside the name is above the model's limit.",
            "A number such as `max_context` in the same call, object or table.",
        ),
        CheckRule(
            "changed",
            Level.WARNING,
            "The model has changed since the lock was written: answers may differ.",
            "Since the date in the [lock](#the-lock), the name means another model, its type "
            "changed, or its limit was lowered.",
        ),
        CheckRule(
            "unused-ignore",
            Level.INFO,
            "A comment ignores something that is not found there.",
            "Also a comment that names a rule which does not exist.",
        ),
    )
}
