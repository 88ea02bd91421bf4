"""Confirm verdicts, plan second calls, and compare results with the lists."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from catalog.changes.change import Probed, ProbedKind
from catalog.changes.finding import Delisted
from catalog.core.probe import Cell, Probe, Verdict
from catalog.core.snapshot import Model

ENDED_BY_AN_ANSWER = ("ghost", "over")


def is_believed(cell: Cell, verdict: Verdict, at: datetime, again_after: timedelta) -> bool:
    """Return whether a verdict is accepted.

    Answers and repeated verdicts are accepted at once. Others need a second call with the same
    verdict, at least `again_after` later and without another verdict in between.
    """
    if verdict is Verdict.SKIPPED:
        return False
    if verdict in {Verdict.ANSWERS, cell.verdict}:
        return True
    # Future calls are ignored, because a wrong clock dated them.
    streak = [each for each in _streak(cell.waiting, verdict) if each.at <= at]
    return bool(streak) and at - streak[0].at >= again_after


def second_try(cell: Cell, again_after: timedelta, now: datetime) -> datetime | None:
    """Return the earliest time of a second call, None if not needed.

    Only one second call is made early. If verdicts differ each time, the next call is a regular
    one. If the first call is dated far in the future, the second is due now, because a clock was
    wrong.
    """
    if len(cell.waiting) != 1:
        return None
    at = cell.waiting[0].at
    return now if at > now + again_after else at + again_after


def _streak(tries: Sequence[Probe], verdict: Verdict) -> list[Probe]:
    streak: list[Probe] = []
    for each in reversed(tries):
        if each.verdict is not verdict:
            break
        streak.insert(0, each)
    return streak


@dataclass(frozen=True, slots=True)
class Lists:
    """The provider's lists.

    `listed` and `delisted` are models of the catalog by name. `served` is the second list, None if
    it was not read. `own` is the promised route of a listed model by name. `belongs` lists the
    types that the second list should have.
    """

    listed: Mapping[str, Model]
    delisted: Mapping[str, Delisted]
    served: frozenset[str] | None
    own: Mapping[str, str]
    belongs: frozenset[str]


Reports = Mapping[tuple[str, str], Probed]
"""The last reports by name and route. Only reports of substituted answers have a route."""


def compare(lists: Lists, cells: Iterable[Cell], reports: Reports) -> tuple[Probed, ...]:
    """Return the new differences between calls and lists."""
    by_name: dict[str, list[Cell]] = {}
    for cell in cells:
        by_name.setdefault(cell.name, []).append(cell)
    found: list[Probed] = []
    for name, of_name in sorted(by_name.items()):
        state = _state(lists, name, of_name)
        if state is not None and _is_news(state, reports.get((name, ""))):
            found.append(state)
        for cell in of_name:
            found += _renamed(lists, cell, reports.get((name, cell.route)))
    return (*found, *_absent(lists, reports))


def _state(lists: Lists, name: str, cells: Sequence[Cell]) -> Probed | None:
    answering = [cell for cell in cells if cell.verdict is Verdict.ANSWERS]
    refused = [cell for cell in cells if cell.verdict is Verdict.REFUSED]
    if name in lists.listed:
        model = lists.listed[name]
        own = [cell for cell in refused if cell.route == lists.own.get(name)]
        if own:
            return _probed("ghost", own, model, elsewhere=tuple(c.route for c in answering))
        return _probed("answering", answering, model) if answering else None
    if name in lists.delisted:
        gone = lists.delisted[name]
        if answering:
            return _probed("lingering", answering, gone.model, gone_since=gone.gone_since)
        if refused and len(refused) == len([cell for cell in cells if cell.newest]):
            return _probed("over", refused, gone.model, gone_since=gone.gone_since)
        return None
    if answering and name not in (lists.served or ()):
        return _probed("phantom", answering, None)
    return None


def _is_news(now: Probed, before: Probed | None) -> bool:
    """Return whether a state was not reported yet.

    Answers are news only after a reported refusal.
    """
    if now.kind == "answering":
        return before is not None and before.kind in ENDED_BY_AN_ANSWER
    if before is None or before.kind != now.kind:
        return True
    return before.gone_since != now.gone_since


def _renamed(lists: Lists, cell: Cell, before: Probed | None) -> Iterator[Probed]:
    """Yield the change if another model answered than before or than named.

    An alias that always answers under its full name is not reported.
    """
    if cell.last is None or cell.verdict is not Verdict.ANSWERS:
        return
    answered, known = cell.last.result.answered_as, before.answered_as if before else cell.first_as
    if answered is None or (before is not None and answered == known):
        return
    others = lists.listed.keys() | lists.delisted.keys()
    if answered != known or (answered != cell.name and answered in others):
        model = lists.listed.get(cell.name)
        usual = known if answered != known else cell.name
        yield _probed("substituted", [cell], model, answered_as=answered, before=usual)


def _absent(lists: Lists, reports: Reports) -> Iterator[Probed]:
    if lists.served is None:
        return
    for name, model in sorted(lists.listed.items()):
        missing = model.type in lists.belongs and name not in lists.served
        if missing and (name, "list") not in reports:
            yield Probed("absent", name, (), model.key, model.type)


def _probed(kind: ProbedKind, cells: Sequence[Cell], model: Model | None, **more: Any) -> Probed:
    key, of_type = (model.key, model.type) if model else (cells[0].key, None)
    routes = tuple(sorted(cell.route for cell in cells))
    last = cells[0].last
    words = last.result.said if last else None
    return Probed(kind, cells[0].name, routes, key, of_type, said=words, **more)
