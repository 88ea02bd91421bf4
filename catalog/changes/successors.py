"""Suggest successors of a model that ends, with their differences."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import groupby
from typing import Literal

from catalog.core.snapshot import Model, key_order

BEST = 3
LONGEST = 100
"""The maximum length of a name. Longer texts are prose, and slow to compare."""
READY = "ready"
What = Literal["type", "context", "beta", "status", "route"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One attribute of a successor that is lower or different. None means unknown."""

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


def successors(
    model: Model,
    listed: Iterable[Model],
    noted: str | None = None,
    ending: Collection[str] = frozenset(),
    announced: str | None = None,
) -> tuple[Successor, ...]:
    """Return up to three successors: noted, announced, then closest.

    Candidates have the same type and at least the same context limit. If no model has, the largest
    limits come first. Candidates are sorted by losses, then by similar names. Keys in `ending` are
    excluded, because those models end too.
    """
    known = [each for each in listed if each.key != model.key]
    first = [] if noted is None else [replace(_named(model, known, noted), is_noted=True)]
    if announced is not None and announced not in {model.key, model.name}:
        successor = replace(_named(model, known, announced), is_announced=True)
        first += [successor] * (successor.name not in {each.name for each in first})
    names = {each.name for each in first}
    staying = [each for each in known if each.key not in ending and each.name not in names]
    alike = [each for each in staying if each.type == model.type]
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


def _named(model: Model, known: Sequence[Model], name: str) -> Successor:
    found = [each for each in known if name in {each.name, each.key}]
    other = next((each for each in found if each.name == name), next(iter(found), None))
    if other is None:
        return Successor(name, is_listed=False)
    return Successor(other.name, differences(model, other))


def _best(model: Model, alike: Sequence[Model]) -> list[Model]:
    enough = [each for each in alike if _room(each) >= _room(model)]
    if enough:
        return _first(model, enough, lambda each: _order(model, each))
    return _first(model, alike, lambda each: (-_room(each), *_order(model, each)))


def _first(
    model: Model, found: Iterable[Model], order: Callable[[Model], tuple[int, ...]]
) -> list[Model]:
    """Return the first models by order, likeness and key.

    Names are only compared if the order is equal, because comparing takes long.
    """
    best: list[Model] = []
    for _, equal in groupby(sorted(found, key=order), key=order):
        best += _most_alike(model, equal, BEST - len(best))
        if len(best) >= BEST:
            break
    return best


def _most_alike(model: Model, others: Iterable[Model], most: int) -> list[Model]:
    """Return the models with the most similar names.

    The fast upper bound of the likeness is computed first. Models below it are not compared.
    """
    bounds = ((_likeness(model, each, SequenceMatcher.quick_ratio), each) for each in others)
    best: list[tuple[float, Model]] = []
    for bound, each in sorted(bounds, key=lambda pair: -pair[0]):
        if len(best) == most and bound < best[-1][0]:
            break
        best.append((_likeness(model, each), each))
        best.sort(key=lambda pair: (-pair[0], key_order(pair[1].key)))
        del best[most:]
    return [each for _, each in best]


def _order(model: Model, other: Model) -> tuple[int, int]:
    lost = sum(each.what != "route" for each in differences(model, other))
    return lost, _vendor(model) != _vendor(other)


def _room(model: Model) -> int:
    return model.context_limit or 0


def _vendor(model: Model) -> str | None:
    """Return the maker from name or description: `qwen` in `Qwen/Qwen3-VL`."""
    named = (text for text in (model.name, model.description or "") if "/" in text)
    return next((text.partition("/")[0].lower() for text in named), None)


def _likeness(
    model: Model,
    other: Model,
    ratio: Callable[[SequenceMatcher[str]], float] = SequenceMatcher.ratio,
) -> float:
    """Return how alike the names or descriptions are, from 0 to 1."""
    ours, theirs = _texts(model), _texts(other)
    pairs = ((one, another) for one in ours for another in theirs)
    return max((ratio(SequenceMatcher(None, *pair)) for pair in pairs), default=0.0)


def _texts(model: Model) -> set[str]:
    """Return the name, and a description that is short."""
    texts = (model.name, model.description or "")
    return {text.lower() for text in texts if 0 < len(text) <= LONGEST}
