"""Match the items of two lists by a field that identifies them.

In a path, the value of that field names the item: `prices.input.amount`. If no field identifies the
items, two fields together may, as in `prices.input+EUR.amount`. Otherwise their places decide.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations

from catalog.core.paths import Trail
from catalog.core.strict_json import Json, canonical, is_reordered

IDENTITIES = ("id", "key", "name", "type", "unit")
"""Fields that identify an item best, in this order."""
MEASURES = frozenset({"amount", "cost", "eur", "price", "rate", "usd", "value"})
"""Words in field names that identify an item worst, because their values change."""
_WORD = re.compile("[A-Z]?[a-z]+")
LONGEST = 200
"""The maximum length of a step, so that a path stays readable."""
PLACES = 10
"""The maximum number of items that are matched by their places."""
FIELDS = 6
"""The maximum number of fields that are tried in pairs."""

Items = Mapping[str, Json]
"""The items of a list by step. A step is the part of a path that names one item."""


def matched(old: Json, new: Json) -> tuple[Items, Items] | None:
    """Return the items of two lists of objects by step.

    The field with the most values in common identifies the items, or else two fields. A price that
    changed cannot identify an item, so then the places decide. Return None for other values, for
    lists whose items have no identity, and for the same items in another order.
    """
    if not (is_objects(old) and is_objects(new)) or is_reordered(old, new):
        return None
    # An identity may be missing in one item at most, so two items show all possible fields.
    fields = {field for item in (*old[:2], *new[:2]) for field in item}
    ranked = sorted(fields, key=lambda each: _order(each, old or new))
    names = [field for field in ranked if not _is_measure(field)]
    measures = [(field,) for field in ranked if _is_measure(field)]
    found = _most_alike(old, new, ((field,) for field in names))
    found = found or _most_alike(old, new, _pairs(names, old or new))
    by_measure = None if found else _most_alike(old, new, measures)
    if by_measure and by_measure[0].keys() == by_measure[1].keys():
        return by_measure
    return found or _by_place(old, new) or by_measure


def _most_alike(
    old: Sequence[Json], new: Sequence[Json], keys: Iterable[tuple[str, ...]]
) -> tuple[Items, Items] | None:
    """Return the items by the fields with the most values in common."""
    found, most = None, 0 if old and new else -1
    for fields in keys:
        sides = _by_step(old, fields), _by_step(new, fields)
        if sides[0] is None or sides[1] is None:
            continue
        common = len(sides[0].keys() & sides[1].keys())
        if common > most:
            found, most = (sides[0], sides[1]), common
    return found


def _by_place(old: Sequence[Json], new: Sequence[Json]) -> tuple[Items, Items] | None:
    """Return the items by their places, if they have the same fields."""
    forms, others = ([frozenset(item) for item in items] for items in (old, new))
    if not 0 < len(old) <= PLACES or forms != others:
        return None
    return (_numbered(old), _numbered(new)) if all(map(_is_nameless, forms)) else None


def _is_nameless(fields: frozenset[str]) -> bool:
    return fields.isdisjoint(IDENTITIES)


def _numbered(items: Sequence[Json]) -> Items:
    return {str(place): item for place, item in enumerate(items)}


def is_objects(value: Json) -> bool:
    """Return whether a value is a list of only objects."""
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def by_step(items: Sequence[Json]) -> Items:
    """Return the items of a list by each of their steps.

    If a step fits several items, the item with the best identity gets it.
    """
    objects = [item for item in items if isinstance(item, dict)]
    fields = sorted({field for item in objects for field in item}, key=_rank)
    pairs = _pairs([field for field in fields if not _is_measure(field)], objects)
    found: dict[str, Json] = {}
    for names in (*((field,) for field in fields), *pairs):
        for step, item in (_by_step(objects, names) or {}).items():
            found.setdefault(step, item)
    return {**_numbered(objects[:PLACES]), **found}


def value_at(facts: Json, path: Trail, lists: dict[Trail, Items]) -> Json:
    """Return the value at a path. `lists` caches the items of each list by step."""
    for depth, key in enumerate(path):
        if isinstance(facts, list):
            if path[:depth] not in lists:
                lists[path[:depth]] = by_step(facts)
            facts = lists[path[:depth]].get(key)
        else:
            facts = facts.get(key) if isinstance(facts, dict) else None
    return facts


def leaves(value: Json, path: Trail = ()) -> Iterator[tuple[Trail, Json]]:
    """Yield every value below an object or list with its path."""
    pairs = matched([], value) if isinstance(value, list) else None
    inner = value if isinstance(value, dict) else pairs and pairs[1]
    if path and not inner:
        yield path, value
        return
    for key, item in (inner or {}).items():
        yield from leaves(item, (*path, key))


def _by_step(items: Sequence[Json], fields: tuple[str, ...]) -> Items | None:
    """Return the items by these fields, None if two are equal."""
    found: dict[str, Json] = {}
    for item in items:
        step = "+".join(map(_text, map(item.get, fields)))
        if step in found or len(step) > LONGEST:
            return None
        found[step] = item
    return found


def _pairs(names: Sequence[str], items: Sequence[Json]) -> Iterable[tuple[str, ...]]:
    """Return the pairs of fields that hold texts."""
    texts = [name for name in names if isinstance(items[0].get(name), str)] if items else []
    return combinations(texts[:FIELDS], 2)


def _is_measure(field: str) -> bool:
    return not MEASURES.isdisjoint(word.lower() for word in _WORD.findall(field))


def _text(value: Json) -> str:
    return value if isinstance(value, str) else canonical(value)


def _order(field: str, items: Sequence[Json]) -> tuple[int, bool, str]:
    """Return the sort key of a field, the best identity first."""
    value = next((item[field] for item in items[:2] if field in item), None)
    rank, _ = _rank(field)
    return rank, isinstance(value, int | float), field


def _rank(field: str) -> tuple[int, str]:
    if field in IDENTITIES:
        return IDENTITIES.index(field), field
    return len(IDENTITIES) + _is_measure(field), field
