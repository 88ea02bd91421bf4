"""Compare two snapshots by the provider's stable model ids."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TypeAlias

from catalog.changes.change import Added, ModelChange, Removed, Renamed, Restored, Updated
from catalog.changes.finding import Delisted
from catalog.changes.items import Items, matched
from catalog.changes.renames import follows, renames
from catalog.core.snapshot import Model, Snapshot, key_order
from catalog.core.strict_json import Json, JsonText, canonical, dotted, parse

Difference: TypeAlias = tuple[str, JsonText | None, JsonText | None]
"""A path, with the values before and after, None if missing."""
NEVER_GONE: Mapping[str, Delisted] = MappingProxyType({})


def diff(
    before: Snapshot, after: Snapshot, gone: Mapping[str, Delisted] = NEVER_GONE
) -> tuple[ModelChange, ...]:
    """Return the changes between two snapshots, by key, then by field.

    The order of rows and of JSON keys does not matter. `gone` holds each earlier model that is not
    in `before`. If one returns, it is Restored, with an Updated for each field that differs from
    its last state. A model with a new id is Renamed, with an Updated for each other difference.
    """
    old, new = before.by_key, after.by_key
    to = renames(old, {key: model for key, model in new.items() if key not in gone or key in old})
    changes: list[ModelChange] = []
    for key in sorted(after.differing(before) - set(to.values()), key=key_order):
        if key in to:
            model = new[to[key]]
            changes.append(Renamed(old[key], model.key, model.name))
            changes.extend(_other_updates(old[key], model))
        elif key not in new:
            changes.append(Removed(old[key]))
        elif key in old:
            changes.extend(_updates(old[key], new[key]))
        elif key in gone:
            changes.append(Restored(new[key], gone[key].gone_since))
            changes.extend(_updates(gone[key].model, new[key]))
        else:
            changes.append(Added(new[key]))
    return tuple(changes)


def _other_updates(former: Model, model: Model) -> Iterator[Updated]:
    """Yield a renamed model's updates, except those caused by its new id."""
    for update in _updates(former, model):
        if not follows(former, model, update.before, update.after):
            yield update


def _updates(before: Model, after: Model) -> Iterator[Updated]:
    if before.facts == after.facts:
        return
    for field, old, new in sorted(_fields(parse(before.facts), parse(after.facts), ())):
        yield Updated(after, field, old, new)


def _fields(
    before: dict[str, Json], after: dict[str, Json], path: tuple[str, ...]
) -> Iterator[Difference]:
    """Yield each differing path with its old and new JSON.

    Descend into objects, even if one side is missing, and into the items of lists. An empty object
    is a value, so it differs from a missing field.
    """
    for key in before.keys() | after.keys():
        here = (*path, key)
        old, new = before.get(key), after.get(key)
        if isinstance(old, str) and old == new:
            continue  # the usual case
        if _opens(old, key in before) and _opens(new, key in after):
            yield from _fields(old or {}, new or {}, here)
            continue
        texts = (
            canonical(old) if key in before else None,
            canonical(new) if key in after else None,
        )
        if texts[0] == texts[1]:
            continue
        pair = matched(old, new)
        if pair is None:
            yield dotted(here), *texts
        else:
            yield from _items(*pair, here)


def _items(before: Items, after: Items, path: tuple[str, ...]) -> Iterator[Difference]:
    """Yield differing paths of matched items, and items without a match."""
    for step in before.keys() | after.keys():
        here = (*path, step)
        if step not in after:
            yield dotted(here), canonical(before[step]), None
        elif step not in before:
            yield dotted(here), None, canonical(after[step])
        else:
            yield from _fields(before[step], after[step], here)


def _opens(value: Json, present: bool) -> bool:
    return not present or (isinstance(value, dict) and bool(value))
