"""Follow aliases: further names by which calls reach a model."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from catalog.changes.change import Change, Removed, Renamed, Updated
from catalog.changes.values import fields_within
from catalog.core.paths import ANY, Attributes, Trail, value, values
from catalog.core.snapshot import Model, Snapshot
from catalog.core.strict_json import Json, JsonText, parse, undotted

TARGET, ALIASES = "alias_of", "aliases"
"""Two attributes: the model that answers an alias, and the list of a model's aliases."""
IDENTITIES = ("id", "key", "slug", "model", "name")
"""Fields that identify the target of an alias. The first one that exists counts."""

ALIAS_RULES = frozenset({"alias-swapped", "alias-dropped"})
"""The rules of aliases that no longer lead to the same model."""
NONE = frozenset({None, "null", "[]"})
"""The values that mean no aliases, as canonical text."""
MOVED = frozenset({"repointed", "dropped"})
"""The moves after which another model answers a name, or no model does."""
_Side = tuple[str, str]
"""The key of a model, and one of the two attributes."""
Answering = Mapping[str, str]
"""The key of the model that answers a name."""


def aliases(model: Model, attributes: Attributes) -> frozenset[str]:
    """Return the further names by which calls reach a model."""
    found = map(_words, _values(model, attributes.places(ALIASES)))
    return frozenset[str]().union(*found) - {model.name}


def target(model: Model, attributes: Attributes) -> Json:
    """Return the model that answers an alias, None if there is none."""
    found = next(_values(model, attributes.places(TARGET)), None)
    return found.get(_identity(found)) if isinstance(found, dict) else found


def _values(model: Model, places: Iterable[Trail]) -> Iterator[Json]:
    """Yield the values at some places.

    Facts are parsed only if needed, because most models have no such values.
    """
    there = [place for place in places if ANY in place[0] or f'"{place[0]}":' in model.facts]
    facts = parse(model.facts) if there else {}
    return (found for place in there for _, found in values(facts, place))


def answering_models(
    changes: Iterable[Change], after: Snapshot, attributes: Attributes
) -> Answering:
    """Return the models that answer the names which these changes removed."""
    wanted = {name for change in changes for name in _taken(change, attributes)}
    found: dict[str, str] = {}
    for model in after.models if wanted else ():
        for name in wanted & aliases(model, attributes):
            found.setdefault(name, model.key)
    own = {model.name: model.key for model in after.models if model.name in wanted}
    return found | own


def alias_moves(update: Updated, attributes: Attributes, answering: Answering) -> frozenset[str]:
    """Return the moves of an alias, named as in rules.toml.

    `answering` maps each removed name that still works to the model that answers it.
    """
    match attributes.of_field(update.field):
        case "description" if "/" not in update.model.name:
            return frozenset({"repointed"})
        case "alias_of" if _is_target(update, attributes):
            return frozenset({"repointed"})
        case "aliases":
            gone, came = dropped_aliases(update), added_aliases(update)
            if gone:
                return frozenset({"repointed" if gone <= answering.keys() else "dropped"})
            if came:
                return frozenset({"added"})
            return frozenset({"nothing"} if {update.before, update.after} <= NONE else ())
    return frozenset()


def dropped_aliases(update: Updated) -> frozenset[str]:
    """Return the aliases that a model lost. Its own name still works."""
    return _names(update.before) - _names(update.after) - {update.model.name}


def added_aliases(update: Updated) -> frozenset[str]:
    """Return the aliases that a model got."""
    return _names(update.after) - _names(update.before)


def moved_aliases(updates: Iterable[Updated]) -> tuple[tuple[str, str, str], ...]:
    """Return the aliases that moved between these models.

    Each result is an alias, the name of its old model, and the name of its new model.
    """
    some = [each for each in updates if _is_list(each.before) or _is_list(each.after)]
    to = {alias: each.model.name for each in some for alias in added_aliases(each)}
    gone = ((alias, each.model.name) for each in some for alias in sorted(dropped_aliases(each)))
    return tuple((alias, name, to[alias]) for alias, name in gone if alias in to)


def lost(change: Change, rule: str) -> frozenset[str]:
    """Return the lost aliases that a finding of this rule is about."""
    if rule not in ALIAS_RULES or not isinstance(change, Updated) or not _is_list(change.before):
        return frozenset()
    return dropped_aliases(change)


def stays(change: Change, answering: Answering) -> bool:
    """Return whether calls by the old name of a model still work."""
    match change:
        case Removed(model):
            return model.name in answering
        case Renamed(model, key, _):
            return answering.get(model.name) == key
    return False


def with_aliases(
    changes: Iterable[Change], attributes: Attributes, answering: Answering
) -> tuple[Change, ...]:
    """Add the aliases to each removed model.

    An alias is removed with its model, or another model answers it now.
    """
    return tuple(
        _with_aliases(each, aliases(each.model, attributes), answering)
        if isinstance(each, Removed)
        else each
        for each in changes
    )


def _with_aliases(change: Removed, names: frozenset[str], answering: Answering) -> Removed:
    if not names:
        return change
    gone, moved = sorted(names - answering.keys()), sorted(names & answering.keys())
    return replace(change, aliases=tuple(gone), moved_aliases=tuple(moved))


def of_one_alias(
    changes: Iterable[Change], attributes: Attributes, answering: Answering
) -> tuple[list[tuple[Change, ...]], list[Change]]:
    """Group the changes of one alias. Return the groups, and the other changes.

    A group has the target fields that changed alike in one or several models, or the alias lists of
    the models that exchanged aliases.
    """
    groups: dict[_Side, list[Updated]] = {}
    rest: list[Change] = []
    for change in changes:
        kind = attributes.of_field(change.field) if isinstance(change, Updated) else None
        if isinstance(change, Updated) and kind in {TARGET, ALIASES}:
            groups.setdefault((change.model.key, kind), []).append(change)
        else:
            rest.append(change)
    for loser, group in list(groups.items()):
        lists = group if loser[1] == ALIASES else ()
        for name in frozenset[str]().union(*map(dropped_aliases, lists)):
            _merge(groups, loser, (answering.get(name, loser[0]), ALIASES))
    found: list[tuple[Change, ...]] = []
    for group in _alike(groups.values()):
        moved = [each for each in group if alias_moves(each, attributes, answering) & MOVED]
        if moved and len(group) > 1:
            found.append((*moved, *(each for each in group if each not in moved)))
        else:
            rest += group
    return found, rest


def _alike(groups: Iterable[list[Updated]]) -> Iterable[list[Updated]]:
    """Return each group once. Groups with the same moves become one."""
    found: dict[frozenset[object], list[Updated]] = {}
    for group in {id(group): group for group in groups}.values():
        moves = frozenset((each.field, each.before, each.after) for each in group)
        found.setdefault(moves, []).extend(group)
    return found.values()


def _merge(groups: dict[_Side, list[Updated]], loser: _Side, winner: _Side) -> None:
    one, other = groups[loser], groups.get(winner)
    if other is None or other is one:
        return
    one += other
    for side, group in groups.items():
        if group is other:
            groups[side] = one


def _is_target(update: Updated, attributes: Attributes) -> bool:
    """Return whether an update changes the identity of the target.

    Both sides must have a value.
    """
    sides = [None if side is None else parse(side) for side in (update.before, update.after)]
    place, steps = attributes.place_of(update.field), undotted(update.field)
    if place is None or None in sides:
        return False
    above = steps[: len(place)]
    return steps == above or steps == (*above, _identity(value(parse(update.model.facts), above)))


def _identity(found: Json) -> str:
    return next((field for field in IDENTITIES if isinstance(found, dict) and field in found), "")


def _taken(change: Change, attributes: Attributes) -> Iterator[str]:
    if isinstance(change, Removed | Renamed):
        yield change.model.name
        yield from aliases(change.model, attributes) if isinstance(change, Removed) else ()
    elif isinstance(change, Updated):
        for each in (change, *fields_within(change)):
            if attributes.of_field(each.field) == ALIASES:
                yield from dropped_aliases(each)


def _names(text: JsonText | None) -> frozenset[str]:
    return frozenset() if text is None else _words(parse(text))


def _is_list(text: JsonText | None) -> bool:
    return text is not None and isinstance(parse(text), list)


def _words(found: Json) -> frozenset[str]:
    items = found if isinstance(found, list) else [found]
    return frozenset(item for item in items if isinstance(item, str))
