"""Group findings by day, and those of one rule in one line."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from catalog.changes.finding import Finding
from catalog.core.text import count

WORDS = frozenset({"added", "removed", "restored", "renamed"})
"""The kinds of changes that are a word for people."""


@dataclass(frozen=True, slots=True)
class Group:
    """Findings of one day, provider, rule and level."""

    findings: tuple[Finding, ...]

    @property
    def first(self) -> Finding:
        """Return the finding that represents the group."""
        return self.findings[0]

    @property
    def title(self) -> str:
        """Return what happened to how many models, or the number of changes."""
        kinds = {change.kind for each in self.findings for change in each.changes}
        if len(kinds) == 1 and kinds <= WORDS:
            _, models = self.models(0)
            return f"{count(models, 'model')} {kinds.pop()}"
        return count(len(self.findings), "change")

    def models(self, most: int) -> tuple[list[tuple[str, str]], int]:
        """Return some models, and the number of the others."""
        known = {key: name for each in self.findings for key, name in models_of(each, None)}
        return list(known.items())[:most], max(len(known) - most, 0)


def by_day(findings: Iterable[Finding]) -> list[tuple[date, list[Finding]]]:
    """Return the findings of each day, in their order."""
    return [(day, list(each)) for day, each in groupby(findings, lambda one: one.at.date())]


def digest(findings: Sequence[Finding], most: int) -> list[tuple[date, list[Group]]]:
    """Return groups by day, the most severe first in each day."""
    days: list[tuple[date, list[Group]]] = []
    for day, found in by_day(findings):
        groups = _groups(found)[: most - sum(len(each) for _, each in days)]
        days += [(day, groups)] if groups else []
    return days


def _groups(findings: Iterable[Finding]) -> list[Group]:
    known: dict[tuple[int, str, str], list[Finding]] = {}
    for each in findings:
        known.setdefault((each.level.rank, each.provider, each.rule), []).append(each)
    return [Group(tuple(known[key])) for key in sorted(known)]


def models_of(finding: Finding, most: int | None = 3) -> list[tuple[str, str]]:
    """Return the key and the name of some or all models."""
    models = {model.key: model.name for model in finding.models}
    for each in finding.changes:
        key = getattr(each, "key", None)
        if isinstance(key, str):
            models.setdefault(key, str(getattr(each, "name", key)))
    return list(models.items())[:most]
