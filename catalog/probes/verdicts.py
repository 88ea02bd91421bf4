"""Which verdict is believed, what is to be asked next, and what differs from what the lists say."""

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
    """Whether a try is believed at once.

    An answer is, and what is said again is. Everything else needs a second try that says the same,
    at least `again_after` later and with nothing else in between.
    """
    if verdict is Verdict.SKIPPED:
        return False
    if verdict in {Verdict.ANSWERS, cell.verdict}:
        return True
    # A try of the future was dated by a clock that was ahead: nobody knows how long ago it was.
    streak = [each for each in _streak(cell.waiting, verdict) if each.at <= at]
    return bool(streak) and at - streak[0].at >= again_after


def second_try(cell: Cell, again_after: timedelta, now: datetime) -> datetime | None:
    """Return from when on a second try makes sense; None where there is nothing to confirm.

    Only one is made out of turn: what says something else each time waits for its turn. A try by a
    clock that was far ahead is not waited for.
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
    """What the provider says is there.

    `listed` and `delisted` are of the catalog, by name; `served` is what the list beside it names,
    None where that was not read. `own` is the route that a listed model is promised on, by name.
    `belongs` names the types whose models the other list should have.
    """

    listed: Mapping[str, Model]
    delisted: Mapping[str, Delisted]
    served: frozenset[str] | None
    own: Mapping[str, str]
    belongs: frozenset[str]


Told = Mapping[tuple[str, str], Probed]
"""What was told last, by name and, of an answer under another name, route (else empty)."""


def compare(lists: Lists, cells: Iterable[Cell], told: Told) -> tuple[Probed, ...]:
    """Say what calling showed that the lists do not say, and that was not told before."""
    by_name: dict[str, list[Cell]] = {}
    for cell in cells:
        by_name.setdefault(cell.name, []).append(cell)
    found: list[Probed] = []
    for name, of_name in sorted(by_name.items()):
        standing = _standing(lists, name, of_name)
        if standing is not None and _is_news(standing, told.get((name, ""))):
            found.append(standing)
        for cell in of_name:
            found += _renamed(lists, cell, told.get((name, cell.route)))
    return (*found, *_absent(lists, told))


def _standing(lists: Lists, name: str, cells: Sequence[Cell]) -> Probed | None:
    """Say where one name stands between the lists and its answers."""
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
    """Whether this was not told; an answer is only news where a refusal was told."""
    if now.kind == "answering":
        return before is not None and before.kind in ENDED_BY_AN_ANSWER
    if before is None or before.kind != now.kind:
        return True
    return before.gone_since != now.gone_since


def _renamed(lists: Lists, cell: Cell, before: Probed | None) -> Iterator[Probed]:
    """Yield where another model answers: not the one of before, or one that has a name of its own.

    An alias may answer under its full name for ever; that is no news.
    """
    if cell.last is None or cell.verdict is not Verdict.ANSWERS:
        return
    answered, known = cell.last.came.answered_as, before.answered_as if before else cell.first_as
    if answered is None or (before is not None and answered == known):
        return
    others = lists.listed.keys() | lists.delisted.keys()
    if answered != known or (answered != cell.name and answered in others):
        model = lists.listed.get(cell.name)
        usual = known if answered != known else cell.name
        yield _probed("substituted", [cell], model, answered_as=answered, before=usual)


def _absent(lists: Lists, told: Told) -> Iterator[Probed]:
    """Yield the listed models that the other list lacks though it has their type."""
    if lists.served is None:
        return
    for name, model in sorted(lists.listed.items()):
        missing = model.type in lists.belongs and name not in lists.served
        if missing and (name, "list") not in told:
            yield Probed("absent", name, (), model.key, model.type)


def _probed(kind: ProbedKind, cells: Sequence[Cell], model: Model | None, **more: Any) -> Probed:
    key, of_type = (model.key, model.type) if model else (cells[0].key, None)
    routes = tuple(sorted(cell.route for cell in cells))
    last = cells[0].last
    said = last.came.said if last else None
    return Probed(kind, cells[0].name, routes, key, of_type, said=said, **more)
