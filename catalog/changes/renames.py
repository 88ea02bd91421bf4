"""Which model that came is one that left: the same thing under another id."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping

from catalog.core.snapshot import Model
from catalog.core.strict_json import JsonText, canonical, leaves, parse

CREATED = ("created", "created_at")
"""The facts that say when a model was made, as providers call them."""
MOST = 0.5
"""More than this share of all facts beside the ids must be alike."""

BEARERS = 10
"""What more models than this bear tells none of them apart, and is not worth the comparing."""


def renames(before: Mapping[str, Model], after: Mapping[str, Model]) -> dict[str, str]:
    """Return the new key of each model of `before` that goes by another one, by its former key.

    It has the name, the creation time or the description that the other had and nobody else has,
    and most facts are alike. Where two models fit one, the one that shares more of these is it;
    where both share as many, nobody can tell: none is renamed.
    """
    left = _bearers(model for key, model in before.items() if key not in after)
    come = _bearers(model for key, model in after.items() if key not in before)
    both = left.keys() & come.keys()
    shared = {mark for mark in both if max(len(left[mark]), len(come[mark])) <= BEARERS}
    if not shared:
        return {}
    for key in before.keys() & after.keys():
        shared -= set(_marks(after[key]))
    common = Counter(
        (former.key, model.key) for mark in shared for former in left[mark] for model in come[mark]
    )
    pairs = {
        pair: marks for pair, marks in common.items() if is_alike(before[pair[0]], after[pair[1]])
    }
    best = _best(pairs, 0) & _best(pairs, 1)
    return dict(sorted(best))


def _best(pairs: Mapping[tuple[str, str], int], side: int) -> set[tuple[str, str]]:
    """Return the pair of each model, on one side, that shares more marks than its others."""
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


def _bearers(models: Iterable[Model]) -> dict[tuple[str, JsonText], list[Model]]:
    """Return who bears each mark."""
    found: dict[tuple[str, JsonText], list[Model]] = defaultdict(list)
    for model in models:
        for mark in _marks(model):
            found[mark].append(model)
    return found


def is_alike(former: Model, model: Model) -> bool:
    """Whether most facts are alike, those that hold the ids left aside."""
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
    """Whether a value differs in nothing but in the id or the name that it holds."""
    if before is None or after is None:
        return False
    pairs = ((former.key, model.key), (former.name, model.name))
    written = [(canonical(old), canonical(new)) for old, new in pairs]
    # Within a text only a name that cannot be there by chance: an id such as 7 is in many.
    within = [(old[1:-1], new[1:-1]) for old, new in written if not old[1:-1].isdecimal()]
    bare = [(old[1:-1], new[1:-1]) for old, new in written]
    if (before, after) in (*written, *bare):
        return True
    return any(before.replace(old, new) == after for old, new in within)


def _marks(model: Model) -> Iterator[tuple[str, JsonText]]:
    """Yield what a model is recognized by: its name, its description, when it was made."""
    yield "name", canonical(model.name)
    if model.description:
        yield "description", canonical(model.description)
    facts = parse(model.facts)
    yield from (("created", canonical(facts[at])) for at in CREATED if facts.get(at))


def _same(old: object, new: object) -> bool:
    return canonical(old) == canonical(new)


def swap(former: str, new: str) -> tuple[str, str]:
    """Return what was taken off a name and what was put on, at its end or else at its beginning.

    `a/b` that became `a/b:free` gives `("", ":free")`.
    """
    start = _shared(former, new)
    end = _shared(former[::-1], new[::-1])
    if start >= end:
        return former[start:], new[start:]
    return former[: len(former) - end], new[: len(new) - end]


def _shared(one: str, other: str) -> int:
    """Count the characters with which both begin."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))
