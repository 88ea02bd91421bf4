"""Turn changes into findings, or into a hold, by rules.toml."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from catalog.changes.change import Change, Removed, Renamed, Retiring, Updated
from catalog.changes.finding import Delisted, Finding, Level, severity
from catalog.changes.flapping import DAMPED, FLAPPING, Flap, Place, place_of
from catalog.changes.forecast import Evidence, Forecast, forecast
from catalog.changes.rules import Lifecycle, Rule, rules
from catalog.changes.values import fields_within, moves
from catalog.changes.waves import bundles
from catalog.core.paths import Attributes
from catalog.core.payload import Drift

NUMERIC = frozenset({"price", "context_limit"})
"""Attributes with numeric values, also as text."""
SOON = 7
"""Days before an end when it counts as soon."""


@dataclass(frozen=True, slots=True)
class Case:
    """The context of a judgment beside the changes.

    `attributes` maps provider fields to our attributes. `levels` holds the user levels by rule id.
    `common` counts models in both snapshots. `evidence` is about ends. `flaps` are the places that
    flap. `since` is when a model was first missing, if before this poll.
    """

    provider: str
    at: datetime
    attributes: Attributes
    lifecycle: Lifecycle | None
    common: int = 0
    levels: Mapping[str, Level] = field(default_factory=dict)
    evidence: Evidence = field(default_factory=Evidence)
    flaps: Mapping[Place, Flap] = field(default_factory=dict)
    since: Mapping[str, datetime] = field(default_factory=dict)


def judge(changes: Iterable[Change], case: Case) -> tuple[Finding, ...]:
    """Return one finding per change or wave, most severe first."""
    found = bundles(changes, case.common, lambda change: _judgment(change, case))
    return tuple(sorted((_finding(each, case) for each in found), key=severity))


def _judgment(change: Change, case: Case) -> tuple[str, int]:
    rule, level = _rule(change, case)
    return rule.id, level.rank


def _finding(changes: tuple[Change, ...], case: Case) -> Finding:
    judged = [_rule(change, case) for change in changes]
    rule, level = min(judged, key=lambda pair: pair[1].rank)
    finding = Finding(case.provider, case.at, rule.id, level, changes)
    if rule.id == FLAPPING:
        moves = max(case.flaps[place].moves for place in _places(changes, case))
        finding = replace(finding, moves=moves)
    end = _end(finding.change, case)
    if end is None:
        return finding
    return replace(finding, callable_until=end.until, basis=end.basis, ground=end.ground)


def _end(change: Change, case: Case) -> Forecast | Retiring | None:
    if isinstance(change, Retiring):
        return change
    renamed = isinstance(change, Renamed) and change.name != change.model.name
    if isinstance(change, Removed) or (isinstance(change, Renamed) and renamed):
        gone = Delisted(change.model, case.since.get(change.model.key, case.at), None)
        return forecast(change.model.key, gone, case.evidence, case.lifecycle)
    return None


def _places(changes: Iterable[Change], case: Case) -> Iterator[Place]:
    for change in changes:
        place = place_of(change)
        if place is not None and place in case.flaps:
            yield place


def _rule(change: Change, case: Case) -> tuple[Rule, Level]:
    """Return the rule and the more severe level, flapping included."""
    rule, level = _rule_by_itself(change, case)
    flap = next((case.flaps[place] for place in _places((change,), case)), None)
    if flap is None or level is Level.QUIET:
        return rule, level
    flapping = rules()[DAMPED if flap.was_reported else FLAPPING]
    own = case.levels.get(flapping.id)
    if own is not None or flap.was_reported:
        return flapping, own or flapping.level
    return flapping, min(level, flapping.level, key=lambda each: each.rank)


def _rule_by_itself(change: Change, case: Case) -> tuple[Rule, Level]:
    """Return the most severe rule of a change and its inner fields."""
    inner = fields_within(change) if isinstance(change, Updated) else ()
    found = [_rule_of_one(each, case) for each in (change, *inner)]
    if len(found) == 1:
        return found[0]
    table = list(rules())
    return min(found, key=lambda pair: (pair[1].rank, table.index(pair[0].id)))


def _rule_of_one(change: Change, case: Case) -> tuple[Rule, Level]:
    attribute, moved = None, frozenset[str]()
    if isinstance(change, Updated | Drift):
        attribute = case.attributes.of_field(change.field)
    if isinstance(change, Updated):
        moved = moves(change, numeric=attribute in NUMERIC, link=attribute == "route")
    elif isinstance(change, Drift) and change.value is not None:
        moved = frozenset({"value"})
    elif isinstance(change, Retiring):
        moved = frozenset({_nearness(change, case.at)})
    rule = next(rule for rule in rules().values() if _matches(rule, change, attribute, moved))
    return rule, case.levels.get(rule.id, rule.level)


def _matches(rule: Rule, change: Change, attribute: str | None, moved: frozenset[str]) -> bool:
    if rule.kind != change.kind:
        return False
    if rule.attribute not in {None, attribute} or (rule.move and rule.move not in moved):
        return False
    match change:
        case Renamed():
            return not rule.name_kept or change.name == change.model.name
        case Updated():
            return (
                rule.before in {None, change.before}
                and rule.after in {None, change.after}
                and not (rule.alias_only and "/" in change.model.name)
            )
    return True


def _nearness(change: Retiring, at: datetime) -> str:
    days = change.days_left(at)
    if change.basis == "proved" or days < 0:
        return "over"
    return "soon" if days <= SOON else "ahead"
