"""Changes -> Findings, or a doubt: what the facts mean, by the table in rules.toml."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from catalog.change import (
    Change,
    Delisted,
    Finding,
    Level,
    Removed,
    Retiring,
    Updated,
    gravity,
)
from catalog.fields import Attributes
from catalog.forecast import Grounds, forecast
from catalog.jsontext import JsonText, parse
from catalog.payload import Drift
from catalog.rules import Lifecycle, Rule, rules
from catalog.snapshot import Snapshot

WAVE_MODELS = 5
SOON = 7
"""So many days before its end, a model ends soon."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """When an answer is not believed, and when it is let through by itself.

    More than `share` of the models gone, where at least `floor` were there; let through when
    `polls` polls in a row, at least `apart` from one another, say the same.
    """

    share: float = 0.30
    floor: int = 10
    polls: int = 3
    apart: timedelta = timedelta(minutes=10)

    def about(self, before: Snapshot | None, after: Snapshot) -> str | None:
        """Say why this state is not believed, or return None."""
        if not after.models:
            return "the list is empty"
        if before is None or len(before.models) < self.floor:
            return None
        total = len(before.models)
        lost = len(before.by_key.keys() - after.by_key.keys())
        if lost <= self.share * total:
            return None
        return f"{lost} of {total} models gone ({lost / total:.0%}, limit {self.share:.0%})"


@dataclass(frozen=True, slots=True)
class Case:
    """What a judgement needs to know beside the changes.

    `attributes` knows what the provider's fields stand for, `levels` holds the user's own
    levels by rule id, `common` is how many models were there before and after. `grounds` is what is
    known of the ends of models beside the policy.
    """

    provider: str
    at: datetime
    attributes: Attributes
    lifecycle: Lifecycle | None
    common: int = 0
    levels: Mapping[str, Level] = field(default_factory=dict)
    grounds: Grounds = field(default_factory=Grounds)


def judge(changes: Iterable[Change], case: Case) -> tuple[Finding, ...]:
    """Give each change, or each wave, its rule and level; the gravest first."""
    fields: dict[str, list[Updated]] = defaultdict(list)
    alone: list[Change] = []
    for change in changes:
        if isinstance(change, Updated):
            fields[change.field].append(change)
        else:
            alone.append(change)
    findings = [_finding((change,), case) for change in alone]
    for updates in fields.values():
        if len(updates) >= WAVE_MODELS and 2 * len(updates) > case.common:
            findings.append(_finding(tuple(updates), case))
        else:
            findings.extend(_finding((update,), case) for update in updates)
    return tuple(sorted(findings, key=gravity))


def _finding(changes: tuple[Change, ...], case: Case) -> Finding:
    judged = [_rule(change, case) for change in changes]
    rule, level = min(judged, key=lambda pair: pair[1].rank)
    finding = Finding(case.provider, case.at, rule.id, level, changes)
    match finding.change:
        case Removed(model):
            gone = Delisted(model, case.at, None)
            end = forecast(model.key, gone, case.grounds, case.lifecycle)
        case Retiring() as end:
            pass
        case _:
            return finding
    if end is None:
        return finding
    return replace(finding, callable_until=end.until, basis=end.basis, ground=end.ground)


def _rule(change: Change, case: Case) -> tuple[Rule, Level]:
    rule = next(rule for rule in rules().values() if _matches(rule, change, case))
    return rule, case.levels.get(rule.id, rule.level)


def _matches(rule: Rule, change: Change, case: Case) -> bool:
    if rule.kind != change.kind:
        return False
    if isinstance(change, Retiring):
        return rule.move is None or rule.move == _nearness(change, case.at)
    if not isinstance(change, Updated | Drift):
        return True
    if rule.attribute and rule.attribute != case.attributes.of_field(change.field):
        return False
    if isinstance(change, Drift):
        return rule.move is None or change.value is not None
    return (
        (rule.move is None or rule.move == _move(change.before, change.after))
        and (rule.before is None or rule.before == change.before)
        and (rule.after is None or rule.after == change.after)
        and not (rule.alias_only and "/" in change.model.name)
    )


def _nearness(change: Retiring, at: datetime) -> str:
    """Name how near the end of a model is."""
    days = change.days_left(at)
    if change.basis == "proved" or days < 0:
        return "over"
    return "soon" if days <= SOON else "ahead"


def _move(before: JsonText | None, after: JsonText | None) -> str | None:
    """Name the direction of a change; null and missing both count as nothing there."""
    old = None if before is None else parse(before)
    new = None if after is None else parse(after)
    if old is None or new is None:
        return "gained" if new is not None else "lost"
    if isinstance(old, int | float) and isinstance(new, int | float):
        return "raised" if new > old else "lowered"
    return None
