"""Find the rows of an answer, which are objects."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import NamedTuple

from catalog.core.paths import ANY, Trail
from catalog.core.spelling import Words, words
from catalog.core.strict_json import Json, canonical
from catalog.providers.described.infer.attributes import limit, prices
from catalog.providers.described.infer.columns import NAMED, Column, gather
from catalog.providers.described.infer.keys import named_key, named_pair

DEEPEST = 6
_LISTS = frozenset(
    {"data", "result", "item", "resource", "object", "entry", "value", "list"}
    | {"content", "record", "row", "catalog", "response"}
)
_PARTS = frozenset({"endpoint", "provider", "property", "entity", "quantization"})
"""Words of lists inside models. Their items are not models."""
_REFERS = 2
"""The maximum plain fields of a group whose models only have a key."""
MOST = 200
"""The maximum places on a level, and the maximum lists that are compared."""
SAMPLE = 200
"""The maximum rows of a list that are compared."""


class _Level(NamedTuple):
    """The values at a place, each with the keys that `*` matched.

    `is_map` is true if the last of these keys belongs to an object, and `is_grouped` if an earlier
    one does.
    """

    place: Trail
    found: list[tuple[Trail, Json]]
    is_map: bool
    is_grouped: bool


@dataclass(frozen=True)
class Listing:
    """Rows at a place, each with the keys that `*` matched.

    `is_map` is true if the last of these keys is the row's own key in an object.
    """

    place: Trail
    found: list[tuple[Trail, dict[str, Json]]]
    is_map: bool

    @cached_property
    def rows(self) -> list[dict[str, Json]]:
        """Return the rows. Equal rows of one list are one row."""
        return [row for _, row in self._kept]

    @cached_property
    def _kept(self) -> list[tuple[Trail, dict[str, Json]]]:
        kept = {
            (passed if self.is_map else passed[:-1], canonical(row)): (passed, row)
            for passed, row in self.found
        }
        return list(kept.values())

    @cached_property
    def columns(self) -> list[Column]:
        """Return the fields of the rows."""
        return gather(self.rows)

    @cached_property
    def sample(self) -> list[Column]:
        """Return the fields of the first rows, which are compared."""
        return gather([row for _, row in self.found[:SAMPLE]])

    @cached_property
    def groups(self) -> list[Column]:
        """Return the keys of the groups by the number of their `*`."""
        return _groups([passed for passed, _ in self._kept])

    @property
    def named(self) -> Words:
        """Return the words of the last key that leads to the rows."""
        return words(next((step for step in reversed(self.place) if step != ANY), ""))

    @property
    def score(self) -> tuple[int, int]:
        """Return the similarity to models, then the number of rows."""
        by_name = 2 * self._is_named_models + bool(_LISTS.intersection(self.named))
        evidence = 2 * self.is_measured + (self.has_key or self.is_map)
        return by_name + evidence + (not self.is_map), len(self.found)

    @property
    def _is_named_models(self) -> bool:
        """Return whether the rows, or all of their groups, are named `models`."""
        keys = {str(key) for group in self.groups for key in group.values}
        named = [self.named] if self.named else list(map(words, keys))
        return bool(named) and all("model" in each for each in named)

    @cached_property
    def has_key(self) -> bool:
        """Return whether a known field identifies the rows, alone or per group."""
        if named_key(self.sample) is not None:
            return True
        groups = _groups([passed for passed, _ in self.found[:SAMPLE]])
        return named_pair(self.sample, groups) is not None

    @cached_property
    def is_measured(self) -> bool:
        """Return whether the rows have limits or prices."""
        return is_measured(self.sample)

    def is_above(self, other: "Listing") -> bool:
        """Return whether the other rows are parts of these."""
        return other is not self and other.place[: len(self.place)] == self.place

    def replaces(self, parent: "Listing") -> bool:
        """Return whether these rows are models, and the parent rows only groups."""
        rest = self.place[len(parent.place) :]
        start = rest[: rest.index(ANY)]
        own = [each for each in parent.sample if each.trail[: len(start)] != start or not start]
        if not parent.has_key and not any(each.depth == 1 for each in _plain(own)):
            return True
        if is_measured(own) or self.named[-1:] == ("model",):
            refers = (
                len(self.sample) == 1 and sum(each.depth == 1 for each in _plain(own)) > _REFERS
            )
            return not (is_measured(own) or refers)
        is_part = not _PARTS.isdisjoint(self.named)
        return self.has_key and is_measured(list(filter(_is_usual, self.sample))) and not is_part


def is_measured(columns: Sequence[Column]) -> bool:
    """Return whether there are limits or prices among the fields."""
    return limit(columns) is not None or bool(prices(columns))


def _is_usual(column: Column) -> bool:
    return not column.is_rare and not column.is_in_list


def _groups(passed: Sequence[Trail]) -> list[Column]:
    """Return the keys that each `*` matched.

    Indexes and the last `*` are omitted.
    """
    columns = [
        Column((str(star),), len(passed), list(keys))
        for star, keys in enumerate(zip(*passed, strict=True), start=1)
    ]
    return [each for each in columns[:-1] if not all(str(key).isdecimal() for key in each.values)]


def _plain(columns: Sequence[Column]) -> Iterator[Column]:
    return (each for each in columns if each.are(str, int, float, bool))


def find(answer: Json) -> Listing | None:
    """Return the rows that most likely are the models, or None."""
    found = list(islice(_listings(answer), MOST))
    worse = {
        id(parent if child.replaces(parent) else child)
        for parent in found
        for child in found
        if parent.is_above(child)
    }
    left = [each for each in found if id(each) not in worse] or found
    return max(left, key=lambda each: each.score, default=None)


def _listings(answer: Json) -> Iterator[Listing]:
    level = [_Level((), [((), answer)], is_map=False, is_grouped=False)]
    for _ in range(DEEPEST):
        level = list(islice((below for each in level for below in _below(each)), MOST))
        for each in level:
            if each.place[-1] == ANY and _is_listing(each):
                yield Listing(each.place, each.found, each.is_map)


def _below(level: _Level) -> Iterator[_Level]:
    """Yield the places one step below, with their values."""
    place, is_grouped = level.place, level.is_grouped or level.is_map
    holders = [(passed, value) for passed, value in level.found if isinstance(value, dict)]
    keys = dict.fromkeys(key for _, value in holders for key in value if key != ANY)
    for key in keys if len(keys) <= NAMED else ():
        inner = [(passed, value[key]) for passed, value in holders if key in value]
        if any(isinstance(value, dict | list) for _, value in inner):
            yield _Level((*place, key), inner, is_map=False, is_grouped=is_grouped)
    items = [((*passed, key), item) for passed, value in level.found for key, item in _items(value)]
    only_lists = len(keys) == 1 and all(isinstance(item, list) for _, item in items)
    if items and not only_lists and all(isinstance(item, dict | list) for _, item in items):
        yield _Level((*place, ANY), items, is_map=bool(holders), is_grouped=is_grouped)


def _items(value: Json) -> Iterator[tuple[str, Json]]:
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list):
        items = [(str(index), item) for index, item in enumerate(value)]
        rows = [each for each in items if isinstance(each[1], dict)]
        yield from rows if len(rows) > max(1, len(items) / 2) else items


def _is_listing(level: _Level) -> bool:
    """Return whether the values are objects that can be rows.

    Members of an object must be similar.
    """
    rows = [row for _, row in level.found]
    if not all(isinstance(row, dict) for row in rows) or not any(rows):
        return False
    counts = sorted(Counter(key for row in rows for key in row).values(), reverse=True)
    if level.is_grouped:
        common = sum(5 * count >= 4 * len(rows) for count in counts)
        return 2 * common * len(rows) >= sum(counts)
    return not level.is_map or 2 * counts[0] > len(rows)
