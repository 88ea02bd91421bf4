"""Group the fields of one object that appeared or disappeared together."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence

from catalog.changes.change import Updated
from catalog.changes.items import Items, value_at
from catalog.core.strict_json import dotted, leaves, parse, undotted

Path = tuple[str, ...]
OWN_FIELDS = 3
"""The minimum number of top-level fields that form a block."""


def parent(fields: Iterable[str]) -> str:
    """Return the object that holds all these fields, empty for the model."""
    paths = [undotted(field) for field in fields]
    shared: list[str] = []
    for keys in zip(*(path[:-1] for path in paths), strict=False):
        if len(set(keys)) > 1:
            break
        shared.append(keys[0])
    return dotted(shared)


def whole(updates: Iterable[Updated]) -> tuple[list[tuple[Updated, ...]], list[Updated]]:
    """Split off objects that appeared or disappeared completely.

    Return the blocks and the other updates. A block has the updates of all its models.
    """
    blocks: dict[Hashable, list[Updated]] = defaultdict(list)
    others: list[Updated] = []
    for some in _by_model(updates):
        top = _tops(some)
        for update in some:
            key = top.get(update.field)
            (others if key is None else blocks[direction(update), key]).append(update)
    return _several(blocks, others)


def partial(updates: Iterable[Updated]) -> tuple[list[tuple[Updated, ...]], list[Updated]]:
    """Split off fields of one object that appeared or disappeared together.

    All fields must be on the same models. A block of top-level fields needs at least three, because
    such fields have less in common. Return the blocks and the other updates.
    """
    blocks: dict[Hashable, list[Updated]] = defaultdict(list)
    others: list[Updated] = []
    for some in _by_model(updates):
        siblings: dict[tuple[bool | None, Path], list[Updated]] = defaultdict(list)
        for update in some:
            path = undotted(update.field)
            if direction(update) is not None:
                siblings[direction(update), path[:-1]].append(update)
            else:
                others.append(update)
        for key, group in siblings.items():
            if key[1] == () and len(group) < OWN_FIELDS:
                others += group
                continue
            blocks[key, frozenset(update.field for update in group)] += group
    return _several(blocks, others)


def direction(update: Updated) -> bool | None:
    """Return True for a new field, False for a lost one."""
    if update.before is None:
        return True
    return False if update.after is None else None


def _by_model(updates: Iterable[Updated]) -> Iterator[list[Updated]]:
    models: dict[str, list[Updated]] = defaultdict(list)
    for update in updates:
        models[update.model.key].append(update)
    yield from models.values()


def _several(
    blocks: dict[Hashable, list[Updated]], others: list[Updated]
) -> tuple[list[tuple[Updated, ...]], list[Updated]]:
    found = []
    for group in blocks.values():
        if len({update.field for update in group}) > 1:
            found.append(tuple(group))
        else:
            others += group
    return found, others


def _tops(updates: Sequence[Updated]) -> dict[str, Path]:
    """Return the highest complete object around each field."""
    paths = {
        update.field: undotted(update.field) for update in updates if direction(update) is not None
    }
    if not any(len(path) > 1 for path in paths.values()):
        return {}
    facts = parse(updates[0].model.facts)
    appeared = {path for update in updates if direction(update) for path in [paths[update.field]]}
    tops: dict[str, Path] = {}
    lists: dict[Path, Items] = {}
    for update in updates:
        path = paths.get(update.field, ())
        for depth in range(1, len(path)):
            held = value_at(facts, path[:depth], lists)
            if isinstance(held, list):  # because only its items can be complete
                is_whole = False
            elif direction(update):
                is_whole = all((*path[:depth], *leaf) in appeared for leaf, _ in leaves(held))
            else:
                is_whole = held is None
            if is_whole:
                tops[update.field] = path[:depth]
                break
    return tops
