"""Turn changes into findings, using rules.toml."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from catalog.changes.aliases import Answering, alias_moves, of_one_alias, stays, with_aliases
from catalog.changes.change import Change, Removed, Renamed, Retiring, Updated
from catalog.changes.finding import Delisted, Finding, Level, severity
from catalog.changes.flapping import (
    DAMPED,
    DROPPED,
    FLAPPING,
    IMPLAUSIBLE,
    IMPLAUSIBLE_AGAIN,
    Flap,
    Move,
    Place,
    place_of,
    sides,
)
from catalog.changes.forecast import Evidence, Forecast, forecast
from catalog.changes.rules import Lifecycle, Rule, rules, rules_of
from catalog.changes.status import USUAL, Statuses, attribute_of, status_moves
from catalog.changes.together import together
from catalog.changes.values import attribute_within, fields_within, moves
from catalog.changes.waves import Judgment, bundles
from catalog.core.paths import Attributes
from catalog.core.payload import Drift
from catalog.core.strict_json import JsonText

SOON = 7
"""An end within this number of days counts as soon."""
Trust = Literal["first", "compared", "confirmed"]
"""The source of a value: its first answer, two compared files, or its second answer.

A zero can be a mistake of one answer, so it needs a second one. A large factor is also implausible
in compared files.
"""


@dataclass(frozen=True, slots=True)
class Case:
    """The context that a judgment needs, in addition to the changes.

    `attributes` maps provider fields to our attributes. `levels` holds the user levels by rule id.
    `common` counts models in both snapshots. `evidence` is about ends. `flaps` are the places that
    moved before. `since` is when a model was first missing, if that was before this poll. `trust`
    is the source of the values. `doubted` holds the implausible values of the last poll, `repeated`
    those of earlier polls. `brief` holds models that were listed in one answer only. `statuses` are
    the meanings of status words. `ending` holds the keys of models whose end has a separate
    finding. `answering` maps the names that models lost to the models that answer them now.
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
    trust: Trust = "compared"
    doubted: Mapping[Place, Move] = field(default_factory=dict)
    repeated: frozenset[tuple[Place, JsonText | None]] = frozenset()
    brief: frozenset[str] = frozenset()
    statuses: Statuses = USUAL
    ending: frozenset[str] = frozenset()
    answering: Answering = field(default_factory=dict)


def judge(changes: Iterable[Change], case: Case) -> tuple[Finding, ...]:
    """Return one finding per change or wave, most severe first."""
    judged = _Judged(case)
    ends, rest = together(
        with_aliases(changes, case.attributes, case.answering),
        lambda change: _end(change, case),
        lambda end: end.until <= case.at.date(),
        lambda change: judged(change)[0].id,
    )
    of_aliases, rest = of_one_alias(rest, case.attributes, case.answering)
    found = [*ends, *of_aliases, *bundles(rest, case.common, judged.summary)]
    return tuple(sorted((_finding(each, judged) for each in found), key=severity))


@dataclass(frozen=True, slots=True)
class _Judged:
    """A cache of judged changes, because grouping needs each several times."""

    case: Case
    known: dict[int, tuple[Change, Rule, Level]] = field(default_factory=dict)
    summaries: dict[int, Judgment] = field(default_factory=dict)

    def __call__(self, change: Change) -> tuple[Rule, Level]:
        # The key is the object id, because a hash of long facts takes longer. The change is stored
        # too, because otherwise another object could get its id.
        if id(change) not in self.known:
            self.known[id(change)] = (change, *_rule(change, self.case))
        _, rule, level = self.known[id(change)]
        return rule, level

    def summary(self, change: Change) -> Judgment:
        """Return the parts of a judgment that grouping needs."""
        if id(change) not in self.summaries:
            self.summaries[id(change)] = self._summary(change)
        return self.summaries[id(change)]

    def _summary(self, change: Change) -> Judgment:
        rule, level = self(change)
        attribute = _attribute(change, self.case) if isinstance(change, Updated) else None
        end = _end(change, self.case)
        return Judgment(rule.id, level.rank, attribute, end.until if end else None)


def _finding(changes: tuple[Change, ...], judged: _Judged) -> Finding:
    case = judged.case
    rule, level = min(map(judged, changes), key=lambda pair: pair[1].rank)
    if rule.wave is not None and len(changes) > 1 and rule.id not in case.levels:
        level = rule.wave
    finding = Finding(case.provider, case.at, rule.id, level, changes)
    moved = _times_moved(finding, case)
    finding = finding if moved is None else replace(finding, moves=moved)
    end = _end(finding.change, case)
    if end is None or rule.move == "aliased":
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


def _times_moved(finding: Finding, case: Case) -> int | None:
    """Return how often a place of a finding moved, None for once.

    A wave has no such number, because it has many places, except a wave of returns.
    """
    if finding.is_wave and finding.rule != FLAPPING:
        return None
    places = (each for each in map(place_of, finding.changes) if each is not None)
    return max((case.flaps[each].moves for each in places if each in case.flaps), default=None)


def _rule(change: Change, case: Case) -> tuple[Rule, Level]:
    """Return the rule and level. Earlier moves of the same place count."""
    rule, level = _rule_by_itself(change, case)
    place = place_of(change)
    if place is None or level is Level.QUIET:
        return rule, level
    after = sides(change)[1]
    if place in case.doubted and case.doubted[place].before == after:
        return _shipped(DROPPED, case)
    flap = case.flaps.get(place)
    if flap is not None and flap.returns:
        return _return(flap, level, case)
    if isinstance(change, Updated) and _is_implausible(change, case):
        again = (place, after) in case.repeated
        return _shipped(IMPLAUSIBLE_AGAIN if again else IMPLAUSIBLE, case)
    return rule, level


def _return(flap: Flap, level: Level, case: Case) -> tuple[Rule, Level]:
    """Return the rule of a return, with at least the move's level."""
    rule, own = _shipped(DAMPED if flap.was_reported else FLAPPING, case)
    if flap.was_reported or rule.id in case.levels:
        return rule, own
    return rule, min(level, own, key=lambda each: each.rank)


def _shipped(name: str, case: Case) -> tuple[Rule, Level]:
    rule = rules()[name]
    return rule, case.levels.get(name, rule.level)


def _is_implausible(change: Updated, case: Case) -> bool:
    if case.trust == "confirmed":
        return False
    moved = moves(change, _attribute(change, case))
    return "jump" in moved or ("zeroed" in moved and case.trust == "first")


def _attribute(change: Updated | Drift, case: Case) -> str | None:
    return attribute_within(change.field, case.attributes.of_field(change.field))


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
        attribute = _attribute(change, case)
    if isinstance(change, Updated):
        attribute = attribute_of(change, attribute, case.ending)
        moved = moves(change, attribute)
        moved |= status_moves(change, case.statuses) if attribute == "status" else frozenset()
        moved |= alias_moves(change, case.attributes, case.answering)
    elif stays(change, case.answering):
        moved = frozenset({"aliased"})
    elif isinstance(change, Drift) and change.move is not None:
        moved = frozenset({change.move})
    elif isinstance(change, Retiring):
        moved = frozenset({_nearness(change, case.at), change.shift or ""})
    elif isinstance(change, Removed) and change.model.key in case.brief:
        moved = frozenset({"brief"})
    rule = next(rule for rule in rules_of(change.kind) if _matches(rule, change, attribute, moved))
    level = rule.level
    if rule.move == "brought forward" and "soon" in moved:
        level = Level.BREAKING
    return rule, case.levels.get(rule.id, level)


def _matches(rule: Rule, change: Change, attribute: str | None, moved: frozenset[str]) -> bool:
    if rule.attribute not in {None, attribute} or (rule.move and rule.move not in moved):
        return False
    match change:
        case Renamed():
            return not rule.name_kept or change.name == change.model.name
        case Updated():
            return rule.before in {None, change.before} and rule.after in {None, change.after}
    return True


def _nearness(change: Retiring, at: datetime) -> str:
    days = change.days_left(at)
    if change.basis == "proved" or days < 0:
        return "over"
    return "soon" if days <= SOON else "ahead"
