"""Blocks: several fields below one parent that came or went on the same models in one poll."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence

from catalog.changes.change import Change, Updated
from catalog.core.strict_json import Json, dotted, leaves, parse, undotted

Bundle = tuple[Change, ...]
Path = tuple[str, ...]
OWN_FIELDS = 3
"""So many fields of the model itself that come or go together are one event."""


def parent(fields: Iterable[str]) -> str:
    """Return the object that holds all these fields; empty where that is the model itself."""
    paths = [undotted(field) for field in fields]
    shared: list[str] = []
    for keys in zip(*(path[:-1] for path in paths), strict=False):
        if len(set(keys)) > 1:
            break
        shared.append(keys[0])
    return dotted(shared)


def whole(updates: Iterable[Updated]) -> tuple[list[tuple[Updated, ...]], list[Updated]]:
    """Take out the objects that came or went with all that they hold, each over all its models."""
    blocks: dict[Hashable, list[Updated]] = defaultdict(list)
    left: list[Updated] = []
    for some in _by_model(updates):
        top = _tops(some)
        for update in some:
            key = top.get(update.field)
            (left if key is None else blocks[_came(update), key]).append(update)
    return _several(blocks, left)


def partial(updates: Iterable[Updated]) -> tuple[list[tuple[Updated, ...]], list[Updated]]:
    """Put together several fields of one object that came or went on the same models.

    Fields of the model itself have less in common: of them, it takes three.
    """
    blocks: dict[Hashable, list[Updated]] = defaultdict(list)
    left: list[Updated] = []
    for some in _by_model(updates):
        siblings: dict[tuple[bool | None, Path], list[Updated]] = defaultdict(list)
        for update in some:
            path = undotted(update.field)
            if _came(update) is not None:
                siblings[_came(update), path[:-1]].append(update)
            else:
                left.append(update)
        for key, group in siblings.items():
            if key[1] == () and len(group) < OWN_FIELDS:
                left += group
                continue
            blocks[key, frozenset(update.field for update in group)] += group
    return _several(blocks, left)


def merged(
    waves: Sequence[tuple[Updated, ...]], rank: Callable[[tuple[Updated, ...]], int]
) -> Iterator[tuple[Updated, ...]]:
    """Make one of the waves of fields that came, or went, on the very same models."""
    groups: dict[Hashable, list[Updated]] = defaultdict(list)
    for number, wave in enumerate(waves):
        came = {_came(update) for update in wave}
        if came in ({True}, {False}):
            keys = frozenset(update.model.key for update in wave)
            groups[came.pop(), keys, rank(wave)] += wave
        else:
            groups[number] += wave
    for group in groups.values():
        yield tuple(sorted(group, key=lambda update: update.field))


def _came(update: Updated) -> bool | None:
    """Whether a field came or went; None where it only changed."""
    if update.before is None:
        return True
    return False if update.after is None else None


def _by_model(updates: Iterable[Updated]) -> Iterator[list[Updated]]:
    models: dict[str, list[Updated]] = defaultdict(list)
    for update in updates:
        models[update.model.key].append(update)
    yield from models.values()


def _several(
    blocks: dict[Hashable, list[Updated]], left: list[Updated]
) -> tuple[list[tuple[Updated, ...]], list[Updated]]:
    found = []
    for group in blocks.values():
        if len({update.field for update in group}) > 1:
            found.append(tuple(group))
        else:
            left += group
    return found, left


def _tops(updates: Sequence[Updated]) -> dict[str, Path]:
    """Return the highest object that came or went as a whole, for each field within one."""
    paths = {
        update.field: undotted(update.field) for update in updates if _came(update) is not None
    }
    if not any(len(path) > 1 for path in paths.values()):
        return {}
    facts = parse(updates[0].model.facts)
    came = {path for update in updates if _came(update) for path in [paths[update.field]]}
    tops: dict[str, Path] = {}
    for update in updates:
        path = paths.get(update.field, ())
        for depth in range(1, len(path)):
            held = _at(facts, path[:depth])
            if _came(update):
                is_whole = all((*path[:depth], *leaf) in came for leaf, _ in leaves(held))
            else:
                is_whole = held is None
            if is_whole:
                tops[update.field] = path[:depth]
                break
    return tops


def _at(facts: Json, path: Path) -> Json:
    """Return what stands at a path of the facts; None where nothing does."""
    for key in path:
        facts = facts.get(key) if isinstance(facts, dict) else None
    return facts
