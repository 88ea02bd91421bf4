"""(Snapshot, Snapshot) -> Changes: what differs, keyed by the provider's stable id."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from catalog.changes.change import Added, ModelChange, Removed, Renamed, Restored, Updated
from catalog.changes.finding import Delisted
from catalog.changes.renames import follows, renames
from catalog.core.snapshot import Model, Snapshot, key_order
from catalog.core.strict_json import Json, JsonText, canonical, dotted, parse

NEVER_GONE: Mapping[str, Delisted] = MappingProxyType({})


def diff(
    before: Snapshot, after: Snapshot, gone: Mapping[str, Delisted] = NEVER_GONE
) -> tuple[ModelChange, ...]:
    """Compare two states; the order of rows and of keys means nothing.

    `gone` holds each model that was there earlier and is not in `before`: its return is a Restored,
    not an Added, with an Updated for all that is not as it was when it left. So it is with a model
    that goes by another id: it is Renamed. The changes stand in key order, then by field.
    """
    old, new = before.by_key, after.by_key
    to = renames(old, {key: model for key, model in new.items() if key not in gone or key in old})
    changes: list[ModelChange] = []
    for key in sorted(after.differing(before) - set(to.values()), key=key_order):
        if key in to:
            model = new[to[key]]
            changes.append(Renamed(old[key], model.key, model.name))
            changes.extend(_beside_the_id(old[key], model))
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


def _beside_the_id(former: Model, model: Model) -> Iterator[Updated]:
    """Yield what else is new about a renamed model; that a field follows its id is no news."""
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
) -> Iterator[tuple[str, JsonText | None, JsonText | None]]:
    """Descend where both sides are objects, or one is and the other is missing.

    An empty object counts as a value, so that it is told from a missing one.
    """
    for key in before.keys() | after.keys():
        here = (*path, key)
        old, new = before.get(key), after.get(key)
        if _opens(old, key in before) and _opens(new, key in after):
            yield from _fields(old or {}, new or {}, here)
            continue
        texts = (
            canonical(old) if key in before else None,
            canonical(new) if key in after else None,
        )
        if texts[0] != texts[1]:
            yield dotted(here), *texts


def _opens(value: Json, present: bool) -> bool:
    return not present or (isinstance(value, dict) and bool(value))
