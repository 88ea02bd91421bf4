"""Group changes of one poll that are one event.

A wave changes one field on many models, a block changes one object, and variants share a suffix.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from typing import NamedTuple

from catalog.changes.blocks import direction, partial, whole
from catalog.changes.change import Added, Change, Removed, Renamed, Restored, Updated
from catalog.changes.finding import Level
from catalog.changes.flapping import WAITING
from catalog.changes.likeness import likeness, suffix, tendency
from catalog.changes.renames import swap
from catalog.changes.shared_items import by_item
from catalog.changes.values import is_number
from catalog.core.strict_json import Json, parse

Bundle = tuple[Change, ...]
WAVE_MODELS = 5
"""The minimum number of models of a wave that covers more than half of all models."""
SAME_MOVES = 10
"""The minimum number of models with the identical move for a wave.

In 67 recorded polls of three providers, at most two models made the same move by chance (a model
and its alias). Real events were on 11 models or more, or on most of a small list. Ten is between
these numbers, and a reader can still check ten models.
"""
VARIANTS = 5
"""The minimum number of models with one suffix that are grouped."""
BULK = 10
"""The minimum number of models that are grouped only because of the same kind of event."""
FIELD_CHANGED = "field-changed"
"""The rule of small differences, which are reported with the prices of the same model."""
RENAMED = 3
"""The minimum number of models with the same replaced part of the name."""


class Judgment(NamedTuple):
    """A judged change: rule, level rank, attribute, last day of calls."""

    rule: str
    rank: int
    attribute: str | None = None
    until: date | None = None


Judged = Callable[[Change], Judgment]


@dataclass(frozen=True, slots=True)
class Stayed:
    """The number of models in both snapshots, and keys that returned."""

    common: int
    back: frozenset[str] = frozenset()

    def mostly(self, some: Sequence[Updated]) -> bool:
        """Return whether these updates cover most models that stayed.

        Returned models do not count.
        """
        number = sum(update.model.key not in self.back for update in some)
        return number >= WAVE_MODELS and 2 * number > self.common


def bundles(changes: Iterable[Change], common: int, judged: Judged) -> list[Bundle]:
    """Group changes into findings, each change once.

    `common` counts the models in both snapshots.
    """
    updates: list[Updated] = []
    rest: list[Change] = []
    for change in changes:
        if isinstance(change, Updated):
            updates.append(change)
        else:
            rest.append(change)
    back = frozenset(change.model.key for change in rest if isinstance(change, Restored))
    settled: dict[datetime, list[Change]] = defaultdict(list)
    for update in updates:
        if update.since is not None:  # because values that settled together moved together
            settled[update.since].append(update)
    moved = [update for update in updates if update.since is None]
    events = [*map(tuple, settled.values()), *_events(rest, judged)]
    return [*events, *_updates(moved, Stayed(common, back), judged)]


def _events(changes: Iterable[Change], judged: Judged) -> list[Bundle]:
    """Group models that were added, removed, restored or renamed together."""
    variants: dict[Hashable, list[Change]] = defaultdict(list)
    kinds: dict[Hashable, list[Change]] = defaultdict(list)
    found: list[Bundle] = []
    for change in changes:
        mark = _mark(change)
        if mark is not None:
            variants[change.kind, mark].append(change)
        elif isinstance(change, Added | Removed | Restored):
            kinds[_event(change, judged)].append(change)
        else:
            found.append((change,))
    for group in variants.values():
        if len(group) >= (RENAMED if isinstance(group[0], Renamed) else VARIANTS):
            found.append(tuple(group))
        elif isinstance(group[0], Renamed):
            found += [(change,) for change in group]
        else:
            kinds[_event(group[0], judged)] += group
    return [*found, *chain.from_iterable(_together(group, BULK) for group in kinds.values())]


def _event(change: Change, judged: Judged) -> Hashable:
    rule, _, _, until = judged(change)
    return change.kind, rule, until


def _mark(change: Change) -> Hashable:
    match change:
        case Added() | Removed() | Restored():
            return suffix(change.model.name)
        case Renamed():
            return swap(change.model.name, change.name)
    return None


def _together(changes: Sequence[Change], least: int) -> list[Bundle]:
    return [tuple(changes)] if len(changes) >= least else [(change,) for change in changes]


def _updates(updates: Sequence[Updated], stayed: Stayed, judged: Judged) -> list[Bundle]:
    blocks, others = whole(updates)
    fields: dict[str, list[Updated]] = defaultdict(list)
    for update in others:
        fields[update.field].append(update)
    waves: list[tuple[Updated, ...]] = []
    alone: list[Updated] = []
    for same_field in fields.values():
        found, others = _field(same_field, stayed, judged)
        waves += found
        alone += others
    parts, alone = partial(alone)
    of_models, alone = _of_models(alone, judged)
    return [*blocks, *merged(waves, judged), *parts, *of_models, *((update,) for update in alone)]


def _of_models(
    updates: Sequence[Updated], judged: Judged
) -> tuple[list[tuple[Updated, ...]], list[Updated]]:
    """Split off prices and small differences of one model.

    Implausible and quiet prices are separate from the others. The same moves of several models,
    such as a model and its alias, are one event.
    """
    groups: dict[tuple[str, str | None], list[Updated]] = defaultdict(list)
    alone: list[Updated] = []
    for update in sorted(updates, key=lambda update: update.field):
        rule, rank, attribute, _ = judged(update)
        if attribute == "price":
            apart = rule if rule in WAITING or rank == Level.QUIET.rank else None
            groups[update.model.key, apart].append(update)
        elif rule == FIELD_CHANGED and not is_number(_side(update)):
            groups[update.model.key, None].append(update)
        else:
            alone.append(update)
    alike: dict[Hashable, list[Updated]] = defaultdict(list)
    for (_, apart), group in groups.items():
        moves = frozenset((each.field, each.before, each.after) for each in group)
        priced = any(judged(update).attribute == "price" for update in group)
        shared = priced and len(group) > 1  # a single price can be equal by chance
        alike[apart, moves, None if shared else group[0].model.key] += group
    bundled = [tuple(group) for group in alike.values() if len(group) > 1]
    return bundled, [*alone, *(group[0] for group in alike.values() if len(group) == 1)]


def _side(update: Updated) -> Json:
    text = update.before if update.after is None else update.after
    return None if text is None else parse(text)


def _field(
    updates: Sequence[Updated], stayed: Stayed, judged: Judged
) -> tuple[list[tuple[Updated, ...]], list[Updated]]:
    """Split the updates of one field into waves and single updates.

    Each rule gets its own wave, because a raised limit is less severe than a lowered one.
    """
    alike: dict[Hashable, list[Updated]] = defaultdict(list)
    for update in updates:
        how = tendency(update)
        exact = likeness(update) if how is None else None
        alike[judged(update).rule, how, exact].append(update)
    if stayed.mostly(updates) and not any(map(stayed.mostly, alike.values())):
        by_rule: dict[str, list[Updated]] = defaultdict(list)
        for update in updates:
            by_rule[judged(update).rule].append(update)
        return [tuple(some) for some in by_rule.values()], []
    waves, alone = [], []
    for some in alike.values():
        if stayed.mostly(some) or len(some) >= SAME_MOVES:
            waves.append(tuple(some))
        else:
            alone += some
    return by_item(waves, alone, lambda update: judged(update).rule, SAME_MOVES)


def merged(waves: Sequence[tuple[Updated, ...]], judged: Judged) -> Iterator[tuple[Updated, ...]]:
    """Merge waves on the same models that appeared, disappeared, or are prices."""
    groups: dict[Hashable, list[Updated]] = defaultdict(list)
    for at, wave in enumerate(waves):
        directions = {direction(update) for update in wave}
        judgments = [judged(update) for update in wave]
        prices = all(each.attribute == "price" for each in judgments)
        if directions in ({True}, {False}) or prices:
            keys = frozenset(update.model.key for update in wave)
            rank, rule = min((each.rank, each.rule) for each in judgments)
            apart = rule if prices else next(iter(directions))
            groups[apart, keys, rank] += wave
        else:
            groups[at] += wave
    for group in groups.values():
        yield tuple(sorted(group, key=lambda update: update.field))
