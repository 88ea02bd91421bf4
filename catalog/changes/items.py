"""Match the items of two lists of objects by a field that tells them apart.

In a path, the value of that field names the item: `prices.input.amount`.
"""

from collections.abc import Iterator, Mapping, Sequence

from catalog.core.paths import Trail
from catalog.core.strict_json import Json, canonical, is_reordered

IDENTITIES = ("id", "key", "name", "type", "unit")
"""Fields that identify an item best, in this order."""
MEASURES = frozenset({"amount", "cost", "price", "rate", "value"})
"""Fields that identify an item worst, because their values change."""
LONGEST = 200
"""The maximum length of a step, so that a path stays readable."""
ALONE = "0"
"""The step of the only item of a list, if no field identifies it."""

Items = Mapping[str, Json]
"""The items of a list by step."""


def matched(old: Json, new: Json) -> tuple[Items, Items] | None:
    """Return the items of two lists of objects by step.

    The field with most values in common decides. Return None for other values, for lists in which
    no field tells the items apart, and for the same items in another order.
    """
    if not (is_objects(old) and is_objects(new)) or is_reordered(old, new):
        return None
    # At most one item may lack the field, so the first two items have all such fields.
    fields = {field for item in (*old[:2], *new[:2]) for field in item}
    found, most = None, 0 if old and new else -1
    for field in sorted(fields, key=lambda each: _order(each, old or new)):
        sides = _by_step(old, field), _by_step(new, field)
        if sides[0] is None or sides[1] is None:
            continue
        common = len(sides[0].keys() & sides[1].keys())
        if common > most:
            found, most = (sides[0], sides[1]), common
    if found is None and _are_alone(old, new):
        return {ALONE: old[0]}, {ALONE: new[0]}
    return found


def is_objects(value: Json) -> bool:
    """Return whether a value is a list of nothing but objects."""
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def by_step(items: Sequence[Json]) -> Items:
    """Return the items of a list by every step that may stand for one.

    A step that fits several items is that of the best identity.
    """
    objects = [item for item in items if isinstance(item, dict)]
    found: dict[str, Json] = {}
    for field in sorted({field for item in objects for field in item}, key=_rank):
        for step, item in (_by_step(objects, field) or {}).items():
            found.setdefault(step, item)
    if len(objects) == 1:
        found.setdefault(ALONE, objects[0])
    return found


def value_at(facts: Json, path: Trail, lists: dict[Trail, Items]) -> Json:
    """Return the value at a path. `lists` keeps the items of each list by step."""
    for depth, key in enumerate(path):
        if isinstance(facts, list):
            if path[:depth] not in lists:
                lists[path[:depth]] = by_step(facts)
            facts = lists[path[:depth]].get(key)
        else:
            facts = facts.get(key) if isinstance(facts, dict) else None
    return facts


def leaves(value: Json, path: Trail = ()) -> Iterator[tuple[Trail, Json]]:
    """Yield every value below an object or a list of objects with its path."""
    pairs = matched([], value) if isinstance(value, list) else None
    inner = value if isinstance(value, dict) else pairs and pairs[1]
    if path and not inner:
        yield path, value
        return
    for key, item in (inner or {}).items():
        yield from leaves(item, (*path, key))


def _are_alone(old: Sequence[Json], new: Sequence[Json]) -> bool:
    """Return whether both lists have one item, of one form and without an identity."""
    if not len(old) == len(new) == 1:
        return False
    fields = frozenset(old[0])
    return fields == frozenset(new[0]) and fields.isdisjoint(IDENTITIES)


def _by_step(items: Sequence[Json], field: str) -> Items | None:
    """Return the items by their value of a field, None unless all differ."""
    found: dict[str, Json] = {}
    for item in items:
        value = item.get(field)
        step = value if isinstance(value, str) else canonical(value)
        if step in found or len(step) > LONGEST:
            return None
        found[step] = item
    return found


def _order(field: str, items: Sequence[Json]) -> tuple[int, bool, str]:
    """Return the sort key of a field, best identity first, texts before numbers."""
    value = next((item[field] for item in items[:2] if field in item), None)
    rank, _ = _rank(field)
    return rank, isinstance(value, int | float), field


def _rank(field: str) -> tuple[int, str]:
    if field in IDENTITIES:
        return IDENTITIES.index(field), field
    return len(IDENTITIES) + (field in MEASURES), field
