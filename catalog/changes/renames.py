"""Find new models that are old ones under another id."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping

from catalog.core.snapshot import Model
from catalog.core.strict_json import Json, JsonText, canonical, leaves, parse

CREATED = ("created", "created_at")
"""Provider fields with the creation time."""
MOST = 0.5
"""The share of equal facts that a rename must exceed. Ids do not count."""

SAME_PREFIX = 3
"""The minimum number of renames with the same replaced prefix, because two can be chance."""
MODELS_PER_MARK = 10
"""Marks that more models share are ignored, because they identify no model."""


def renames(before: Mapping[str, Model], after: Mapping[str, Model]) -> dict[str, str]:
    """Return the new key of each renamed model by its old key.

    A renamed model keeps a mark (its name, creation time or description) and most of its facts.
    Marks of a model in both snapshots do not count. Of several matches, the one with the most
    shared marks is used. If two have equally many, there is no rename.
    """
    if before.keys() <= after.keys():  # the usual case
        return {}
    removed = _by_mark(model for key, model in before.items() if key not in after)
    added = _by_mark(model for key, model in after.items() if key not in before)
    both = removed.keys() & added.keys()
    shared = {mark for mark in both if max(len(removed[mark]), len(added[mark])) <= MODELS_PER_MARK}
    for key in before.keys() & after.keys() if shared else ():
        shared -= set(_marks(after[key]))
    common = Counter(
        (former.key, model.key)
        for mark in shared
        for former in removed[mark]
        for model in added[mark]
    )
    pairs = {
        pair: marks for pair, marks in common.items() if is_alike(before[pair[0]], after[pair[1]])
    }
    best = _best(pairs, 0) & _best(pairs, 1)
    return _by_prefix(before, after) | dict(sorted(best))


def _by_prefix(before: Mapping[str, Model], after: Mapping[str, Model]) -> dict[str, str]:
    """Return the renames that replace the same prefix on several models.

    An example is `volcengine/x` to `bytedance/x`. Such models may share no mark, because a
    description may repeat the name.
    """
    added: dict[str, list[Model]] = defaultdict(list)
    for key in after.keys() - before.keys():
        added[_tail(after[key])].append(after[key])
    groups: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for key in before.keys() - after.keys():
        former, same = before[key], added.get(_tail(before[key]), [])
        if len(same) == 1 and _tail(former) != former.name and is_alike(former, same[0]):
            groups[swap(former.name, same[0].name)].append((key, same[0].key))
    enough = (pairs for pairs in groups.values() if len(pairs) >= SAME_PREFIX)
    found = sorted(pair for pairs in enough for pair in pairs)
    taken = Counter(new for _, new in found)
    return {key: new for key, new in found if taken[new] == 1}


def _tail(model: Model) -> str:
    """Return the name without its vendor."""
    return model.name.rpartition("/")[2]


def _best(pairs: Mapping[tuple[str, str], int], side: int) -> set[tuple[str, str]]:
    """Return the pairs with the single best match, seen from one side."""
    of: dict[str, list[tuple[int, tuple[str, str]]]] = defaultdict(list)
    for pair, marks in pairs.items():
        of[pair[side]].append((marks, pair))
    best = set()
    for some in of.values():
        most = max(marks for marks, _ in some)
        found = [pair for marks, pair in some if marks == most]
        if len(found) == 1:
            best.add(found[0])
    return best


def _by_mark(models: Iterable[Model]) -> dict[tuple[str, JsonText], list[Model]]:
    found: dict[tuple[str, JsonText], list[Model]] = defaultdict(list)
    for model in models:
        for mark in _marks(model):
            found[mark].append(model)
    return found


def is_alike(former: Model, model: Model) -> bool:
    """Return whether most facts are equal. Ids do not count."""
    old, new = (dict(leaves(parse(each.facts))) for each in (former, model))
    paths = old.keys() | new.keys()
    same = {path for path in paths if path in old and path in new and _same(old[path], new[path])}
    ids = {
        path
        for path in paths - same
        if follows(former, model, canonical(old.get(path)), canonical(new.get(path)))
    }
    return len(same) > MOST * len(paths - ids)


def follows(former: Model, model: Model, before: JsonText | None, after: JsonText | None) -> bool:
    """Return whether two values differ only in the id or name.

    In a list of words, the old id or name may appear, and the new one may disappear.
    """
    if before is None or after is None:
        return False
    if _is_swapped_word(former, model, parse(before), parse(after)):
        return True
    pairs = ((former.key, model.key), (former.name, model.name))
    written = [(canonical(old), canonical(new)) for old, new in pairs]
    # Ids of digits only are not searched in texts, because an id such as 7 is there by chance.
    within = [(old[1:-1], new[1:-1]) for old, new in written if not old[1:-1].isdecimal()]
    bare = [(old[1:-1], new[1:-1]) for old, new in written]
    if (before, after) in (*written, *bare):
        return True
    return any(before.replace(old, new) == after for old, new in within)


def _is_swapped_word(former: Model, model: Model, old: Json, new: Json) -> bool:
    if not all(isinstance(side, list) and all(map(_is_text, side)) for side in (old, new)):
        return False
    came, went = set(new) - set(old), set(old) - set(new)
    return (
        bool(came | went) and came <= {former.key, former.name} and went <= {model.key, model.name}
    )


def _is_text(value: Json) -> bool:
    return isinstance(value, str)


def _marks(model: Model) -> Iterator[tuple[str, JsonText]]:
    """Yield the identifying marks of a model: name, description, creation time."""
    yield "name", canonical(model.name)
    if model.description:
        yield "description", canonical(model.description)
    facts = parse(model.facts)
    yield from (("created", canonical(facts[at])) for at in CREATED if facts.get(at))


def _same(old: object, new: object) -> bool:
    return canonical(old) == canonical(new)


def swap(former: str, new: str) -> tuple[str, str]:
    """Return the removed and added part of a name, in whole words.

    `a/b` that became `a/b:free` gives `("", ":free")`.
    """
    start, end = _shared(former, new), _shared(former[::-1], new[::-1])
    room = min(len(former), len(new))
    if start + end <= room:
        return _whole_words(former, new, start, end)
    # The common beginning and end overlap, so one of them is cut.
    both = (_whole_words(former, new, *cut) for cut in ((start, room - start), (room - end, end)))
    return min(both, key=lambda parts: len(parts[0]) + len(parts[1]))


def _whole_words(former: str, new: str, start: int, end: int) -> tuple[str, str]:
    """Return the part between a common beginning and end."""
    while _is_within(former, start) or _is_within(new, start):
        start -= 1
    while _is_within(former, len(former) - end) or _is_within(new, len(new) - end):
        end -= 1
    return former[start : len(former) - end], new[start : len(new) - end]


def _is_within(text: str, at: int) -> bool:
    """Return whether a place is within a word."""
    return 0 < at < len(text) and text[at - 1].isalnum() and text[at].isalnum()


def _shared(one: str, other: str) -> int:
    """Return the length of the common beginning."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))
