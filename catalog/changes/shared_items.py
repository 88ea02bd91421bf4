"""Group updates of lists with the same added or removed item."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence

from catalog.changes.change import Updated
from catalog.core.strict_json import canonical, parse

Wave = tuple[Updated, ...]
Item = tuple[str, str]
"""`+` or `-`, and the item as JSON."""


def items_moved(update: Updated) -> frozenset[Item]:
    """Return the items that a list gained or lost."""
    if update.before is None or update.after is None:
        return frozenset()
    sides = parse(update.before), parse(update.after)
    if not all(isinstance(side, list) for side in sides):
        return frozenset()
    old, new = (Counter(map(canonical, side)) for side in sides)
    return frozenset([*(("+", each) for each in new - old), *(("-", each) for each in old - new)])


def shared_items(updates: Iterable[Updated]) -> frozenset[Item]:
    """Return the items that moved in each of these lists."""
    moved = [items_moved(update) for update in updates]
    return frozenset.intersection(*moved) if moved else frozenset()


def by_item(
    waves: Sequence[Wave], alone: Sequence[Updated], rule_of: Callable[[Updated], str], least: int
) -> tuple[list[Wave], list[Updated]]:
    """Group updates that share an item.

    A new group has at least `least` updates. Others join a wave of the same rule and item.
    """
    sharing: dict[tuple[str, Item], list[Updated]] = defaultdict(list)
    for update in alone:
        for item in sorted(items_moved(update)):
            sharing[rule_of(update), item].append(update)
    if not sharing:
        return list(waves), list(alone)
    found = [list(wave) for wave in waves]
    home = {(rule_of(wave[0]), item): wave for wave in found for item in shared_items(wave)}
    taken: set[int] = set()
    for key, some in sorted(sharing.items(), key=lambda pair: -len(pair[1])):
        rest = [update for update in some if id(update) not in taken]
        if key not in home and len(rest) < least:
            continue
        if key not in home:
            found.append([])
        home.setdefault(key, found[-1]).extend(rest)
        taken.update(map(id, rest))
    return [*map(tuple, found)], [update for update in alone if id(update) not in taken]
