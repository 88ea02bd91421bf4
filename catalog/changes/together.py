"""Group ends of models by announcement or by day."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from itertools import chain

from catalog.changes.change import Cancelled, Change, Removed, Retiring
from catalog.changes.forecast import Forecast

MANY = 10
"""The minimum number of different days that make newly stated ends one group."""
Group = tuple[Change, ...]


def together(
    changes: Iterable[Change],
    end_of: Callable[[Change], Forecast | Retiring | None],
    ended: Callable[[Forecast | Retiring], bool],
    rule_of: Callable[[Change], str],
) -> tuple[list[Group], list[Change]]:
    """Split off announced ends of the same day.

    Removals are grouped if their announced day has come (`ended`). Reports of ends are grouped if
    they have the same content, and so are cancelled ends. Many ends that a list states for the
    first time are one group, earliest first.
    """
    rows: dict[Hashable, list[Change]] = defaultdict(list)
    rest: list[Change] = []
    for change in changes:
        if isinstance(change, Cancelled):
            rows[change.kind, change.was].append(change)
            continue
        end = end_of(change) if isinstance(change, Removed | Retiring) else None
        said: tuple[Hashable, ...] = ()
        if isinstance(change, Retiring):
            said = (change.moved_from, change.mark, change.is_stated)
        if end is None or end.basis != "announced" or not (said or ended(end)):
            rest.append(change)
        else:
            rows[change.kind, end.until, end.ground, rule_of(change), said].append(change)
    groups = _of_many_days(map(tuple, rows.values()), rule_of)
    rest += [group[0] for group in groups if len(group) == 1]
    return [group for group in groups if len(group) > 1], rest


def _of_many_days(groups: Iterable[Group], rule_of: Callable[[Change], str]) -> list[Group]:
    """Merge groups of ends that a list states for the first time."""
    stated: dict[Hashable, list[Retiring]] = defaultdict(list)
    others: list[Group] = []
    for group in groups:
        first = group[0]
        if isinstance(first, Retiring) and first.is_stated and first.moved_from is None:
            row = stated[rule_of(first), first.ground]
            row += [each for each in group if isinstance(each, Retiring)]
        else:
            others.append(group)
    for row in stated.values():
        days: dict[Hashable, list[Retiring]] = defaultdict(list)
        for each in sorted(row, key=lambda each: each.until):
            days[each.until].append(each)
        is_one = len(days) >= MANY
        others += [tuple(chain(*days.values()))] if is_one else map(tuple, days.values())
    return others
