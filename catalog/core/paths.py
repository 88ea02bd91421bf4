r"""Fields named by their place: `pricing.prompt`, and `pricing.*` for whatever lies below.

A place is written with dots. `*` stands for any one key, or for every item of a list; `*_price` for
each key that ends so. Within a key a dot gets a backslash, as in `strict_json.dotted`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import TypeAlias

from catalog.core.strict_json import Json, undotted

Trail: TypeAlias = tuple[str, ...]
"""The keys that lead to a value, the outermost first."""

ANY = "*"


def trail(place: str) -> Trail:
    """Read a place; `""` is the whole value."""
    return undotted(place) if place else ()


def values(root: Json, place: Trail, passed: Trail = ()) -> Iterator[tuple[Trail, Json]]:
    """Yield each value at a place, with the keys (indexes for lists) that each `*` stood for."""
    if not place:
        yield passed, root
        return
    key, *rest = place
    if key != ANY:
        if isinstance(root, dict) and key in root:
            yield from values(root[key], tuple(rest), passed)
        return
    pairs = root.items() if isinstance(root, dict) else _numbered(root)
    for name, item in pairs:
        yield from values(item, tuple(rest), (*passed, str(name)))


def value(root: Json, place: Trail) -> Json:
    """Return the one value at a place without `*`; None where there is none."""
    return next((found for _, found in values(root, place)), None)


def _numbered(root: Json) -> Iterable[tuple[int, Json]]:
    return enumerate(root) if isinstance(root, list) else ()


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Places of one kind; a place covers all that lies below it. Equal only to itself."""

    trails: tuple[Trail, ...] = ()

    @classmethod
    def of(cls, places: Iterable[str]) -> "Places":
        """Read places from their texts."""
        return cls(tuple(trail(place) for place in places))

    @property
    def cover_all(self) -> bool:
        """Whether one of them is the value itself."""
        return () in self.trails

    def below(self, key: str) -> "Places":
        """Return these places as seen from the value at a key (an index, for a list)."""
        if not self.trails or self.cover_all:
            return self
        return _below(self, key)


@lru_cache(4096)
def _below(places: Places, key: str) -> Places:
    """Remember the answer, because all rows of a list have the same keys."""
    return Places(tuple(place[1:] for place in places.trails if _fits(place[0], key)))


def _covers(place: Trail, field: Trail) -> bool:
    return len(place) <= len(field) and all(
        _fits(step, key) for step, key in zip(place, field, strict=False)
    )


def _fits(step: str, key: str) -> bool:
    return step == key or (ANY in step and fnmatchcase(key, step))


@dataclass(frozen=True, slots=True)
class Attributes:
    """The well-known attribute that a provider's field stands for, such as `info_status`: `status`.

    Beside those of a model there are `price`, `logo`, and `quiet` for what nobody acts on.
    """

    by_place: tuple[tuple[Trail, str], ...] = ()

    @classmethod
    def of(cls, attributes: Mapping[str, str]) -> "Attributes":
        """Read a table of places; the first that covers a field decides."""
        return cls(tuple((trail(place), name) for place, name in attributes.items()))

    def of_field(self, field: str) -> str | None:
        """Return the attribute of a dotted field, None where it has none."""
        steps = trail(field)
        covering = (name for place, name in self.by_place if _covers(place, steps))
        return next(covering, None)
