"""Suggest successors of a model that ends, with their differences."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Literal

from catalog.changes.text_likeness import ratio, upper_bound
from catalog.core.snapshot import Model, key_order

BEST = 3
LONGEST = 100
"""The maximum length of a name. Longer texts are prose, and slow to compare."""
READY = "ready"
What = Literal["type", "context", "beta", "status", "route"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One attribute of a successor that is lower or different.

    None means unknown.
    """

    what: What
    before: str | int | bool | None
    after: str | int | bool | None


@dataclass(frozen=True, slots=True)
class Successor:
    """A possible successor.

    `is_noted` is true if a person named it, `is_announced` if the provider did. An unlisted
    successor has only its name.
    """

    name: str
    differences: tuple[Difference, ...] = ()
    is_noted: bool = False
    is_listed: bool = True
    is_announced: bool = False

    @property
    def is_named(self) -> bool:
        """Return whether a person or the provider named it."""
        return self.is_noted or self.is_announced


Traits = tuple[str, bool | None, str | None, str | None]
"""The attributes of a model that decide its order, besides its limit.

They are type, beta, status and vendor.
"""


@dataclass(frozen=True, slots=True)
class Pool:
    """The listed models, and those without an end by their traits.

    It is built once for many models that end, because each of them is compared with every model.
    """

    listed: Sequence[Model]
    staying: Mapping[Traits, Sequence[Model]]

    @classmethod
    def of(cls, listed: Iterable[Model], ending: Collection[str] = frozenset()) -> "Pool":
        """Group the models. Keys in `ending` are excluded, because those models end too."""
        models, staying = tuple(listed), defaultdict[Traits, list[Model]](list)
        for each in models:
            if each.key not in ending:
                staying[each.type, each.beta, each.status, _vendor(each)].append(each)
        return cls(models, staying)


def successors(
    model: Model,
    listed: Iterable[Model] | Pool,
    noted: str | None = None,
    ending: Collection[str] = frozenset(),
    announced: str | None = None,
) -> tuple[Successor, ...]:
    """Return up to three successors: noted, announced, then closest.

    Candidates have the same type and at least the same context limit. If no model has, the largest
    limits come first. Candidates are sorted by losses, then by similar names. Keys in `ending` are
    excluded, because those models end too.
    """
    pool = listed if isinstance(listed, Pool) else Pool.of(listed, ending)
    first = [] if noted is None else [replace(_named(model, pool, noted), is_noted=True)]
    if announced is not None and announced not in {model.key, model.name}:
        successor = replace(_named(model, pool, announced), is_announced=True)
        first += [successor] * (successor.name not in {each.name for each in first})
    alike = _alike(model, pool, {each.name for each in first})
    found = [Successor(each.name, differences(model, each)) for each in _best(model, alike)]
    return tuple((first + found)[:BEST])


def differences(model: Model, other: Model) -> tuple[Difference, ...]:
    """Return the losses and differences, not the gains."""
    found = []
    if model.type != other.type:
        found.append(Difference("type", model.type, other.type))
    if _room(other) < _room(model):
        found.append(Difference("context", model.context_limit, other.context_limit))
    if other.beta and not model.beta:
        found.append(Difference("beta", model.beta, other.beta))
    if model.status == READY != other.status:
        found.append(Difference("status", model.status, other.status))
    if model.route and other.route and model.route != other.route:
        found.append(Difference("route", model.route, other.route))
    return tuple(found)


def _named(model: Model, pool: Pool, name: str) -> Successor:
    known = (each for each in pool.listed if each.key != model.key)
    found = [each for each in known if name in {each.name, each.key}]
    other = next((each for each in found if each.name == name), next(iter(found), None))
    if other is None:
        return Successor(name, is_listed=False)
    return Successor(other.name, differences(model, other))


Order = tuple[int, ...]
"""The losses, and whether the vendor is another one. Lower is better."""


def _alike(model: Model, pool: Pool, names: Collection[str]) -> dict[Order, list[Model]]:
    """Return the other models of the type by order, without limits."""
    found, vendor = defaultdict[Order, list[Model]](list), _vendor(model)
    for (kind, beta, status, maker), group in pool.staying.items():
        if kind == model.type:
            lost = bool(beta and not model.beta) + (model.status == READY != status)
            others = (each for each in group if each.key != model.key and each.name not in names)
            found[lost, vendor != maker] += others
    return found


def _best(model: Model, alike: Mapping[Order, Sequence[Model]]) -> list[Model]:
    room = _room(model)
    enough = {
        order: [each for each in group if _room(each) >= room] for order, group in alike.items()
    }
    if any(enough.values()):
        return _first(model, enough)
    smaller = defaultdict[Order, list[Model]](list)
    for order, group in alike.items():
        for each in group:
            smaller[-_room(each), *order].append(each)
    return _first(model, smaller)


def _first(model: Model, groups: Mapping[Order, Sequence[Model]]) -> list[Model]:
    """Return the first models by order, likeness and key.

    Names are only compared if the order is equal, because comparing takes long.
    """
    best: list[Model] = []
    for _, equal in sorted(groups.items()):
        best += _most_alike(model, equal, BEST - len(best))
        if len(best) >= BEST:
            break
    return best


def _most_alike(model: Model, others: Iterable[Model], most: int) -> list[Model]:
    """Return the models with the most similar names.

    A fast upper bound of the likeness is computed first. Models below it are not compared.
    """
    ours = _texts(model)
    bounds = sorted(((_bound(ours, _texts(each)), each) for each in others), key=lambda it: -it[0])
    best: list[tuple[float, Model]] = []
    for bound, each in bounds:
        if len(best) == most and bound < best[-1][0]:
            break
        best.append((_likeness(ours, _texts(each)), each))
        best.sort(key=lambda pair: (-pair[0], key_order(pair[1].key)))
        del best[most:]
    return [each for _, each in best]


def _room(model: Model) -> int:
    return model.context_limit or 0


def _vendor(model: Model) -> str | None:
    """Return the maker from name or description: `qwen` in `Qwen/Qwen3-VL`."""
    named = (text for text in (model.name, model.description or "") if "/" in text)
    return next((text.partition("/")[0].lower() for text in named), None)


def _bound(ours: Iterable[str], theirs: Iterable[str]) -> float:
    """Return an upper bound of `_likeness`."""
    pairs = product(ours, theirs)
    return max((upper_bound(one, another) for one, another in pairs), default=0.0)


def _likeness(ours: Iterable[str], theirs: Iterable[str]) -> float:
    """Return how alike the most similar texts are, from 0 to 1."""
    best = 0.0
    for one, another in product(ours, theirs):
        if upper_bound(one, another) > best:
            best = max(best, ratio(one, another))
    return best


def _texts(model: Model) -> set[str]:
    """Return the name, and a description that is short."""
    texts = (model.name, model.description or "")
    return {text.lower() for text in texts if 0 < len(text) <= LONGEST}
