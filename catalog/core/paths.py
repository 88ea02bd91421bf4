r"""Address fields by dotted places: `pricing.prompt`, or `pricing.*`.

`*` matches any one key, or every item of a list. `*_price` matches each key with that ending. A dot
within a key gets a backslash, as in `strict_json.dotted`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import TypeAlias

from catalog.core.strict_json import Json, undotted

Trail: TypeAlias = tuple[str, ...]
"""The keys that lead to a value, outermost first."""

ANY = "*"


def trail(place: str) -> Trail:
    """Parse a place. `""` is the whole value."""
    return undotted(place) if place else ()


def values(root: Json, place: Trail, passed: Trail = ()) -> Iterator[tuple[Trail, Json]]:
    """Yield each value at a place, with the keys each `*` matched.

    List items have their index as key.
    """
    if not place:
        yield passed, root
        return
    key, *rest = place
    if key != ANY:
        if isinstance(root, dict) and key in root:
            yield from values(root[key], tuple(rest), passed)
        return
    pairs = root.items() if isinstance(root, dict) else _numbered(root)
    if not rest:  # without recursion, because lists have many rows
        yield from (((*passed, str(name)), item) for name, item in pairs)
        return
    for name, item in pairs:
        yield from values(item, tuple(rest), (*passed, str(name)))


def value(root: Json, place: Trail) -> Json:
    """Return the value at a place without `*`, or None."""
    return next((found for _, found in values(root, place)), None)


def _numbered(root: Json) -> Iterable[tuple[int, Json]]:
    return enumerate(root) if isinstance(root, list) else ()


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Places of one kind, including all below them. Equal only to itself."""

    trails: tuple[Trail, ...] = ()

    @classmethod
    def of(cls, places: Iterable[str]) -> "Places":
        """Parse places."""
        return cls(tuple(trail(place) for place in places))

    @property
    def cover_all(self) -> bool:
        """Return whether one place is the value itself."""
        return () in self.trails

    def below(self, key: str) -> "Places":
        """Return these places relative to a key or list index."""
        if not self.trails or self.cover_all:
            return self
        return _below(self, key)


@lru_cache(4096)
def _below(places: Places, key: str) -> Places:
    """Return places below a key, cached because rows share keys."""
    return Places(tuple(place[1:] for place in places.trails if _fits(place[0], key)))


def _covers(place: Trail, field: Trail) -> bool:
    return len(place) <= len(field) and all(
        _fits(step, key) for step, key in zip(place, field, strict=False)
    )


def _fits(step: str, key: str) -> bool:
    return step == key or (ANY in step and fnmatchcase(key, step))


@dataclass(frozen=True, slots=True)
class Attributes:
    """The known attribute of each provider field, such as `info_status`: `status`.

    `price`, `logo` and `quiet` are not attributes of a model.
    """

    by_place: tuple[tuple[Trail, str], ...] = ()

    @classmethod
    def of(cls, attributes: Mapping[str, str]) -> "Attributes":
        """Parse a table of places. The first match decides."""
        return cls(tuple((trail(place), name) for place, name in attributes.items()))

    def of_field(self, field: str) -> str | None:
        """Return the attribute of a dotted field, or None."""
        found = _covering(self, field)
        return found[1] if found else None

    def place_of(self, field: str) -> Trail | None:
        """Return the place that gives a dotted field its attribute, or None."""
        found = _covering(self, field)
        return found[0] if found else None

    def places(self, attribute: str) -> tuple[Trail, ...]:
        """Return the places of an attribute."""
        return tuple(place for place, name in self.by_place if name == attribute)


@lru_cache(4096)
def _covering(attributes: Attributes, field: str) -> tuple[Trail, str] | None:
    """Return the first covering place, cached because models share fields."""
    steps = trail(field)
    return next((each for each in attributes.by_place if _covers(each[0], steps)), None)
