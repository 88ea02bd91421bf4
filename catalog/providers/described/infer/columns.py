"""Collect the values of each field over all rows."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from catalog.core.paths import ANY, Trail
from catalog.core.spelling import Words, words
from catalog.core.strict_json import Json, dotted

DEEPEST = 5
"""The maximum depth of a field in a row."""
_SOME, _FEW = 3, 0.02
NAMED = 40
"""The maximum keys of an object. A larger object is a table of items."""
_NUMBER = re.compile(r"-?\d{1,40}(\.\d{1,40})?([eE][-+]?\d{1,3})?", re.ASCII)


@dataclass(frozen=True, eq=False)
class Column:
    """The values of one field in all rows, except null and empty.

    `rows` counts all rows. A step `*` of the trail matches every item of a list.
    """

    trail: Trail
    rows: int
    values: list[Json] = field(default_factory=list)

    @cached_property
    def place(self) -> str:
        """Return the place as it is written in the configuration."""
        return dotted(self.trail)

    @cached_property
    def words(self) -> Words:
        """Return the words of the last key."""
        return words(self.trail[-1])

    @cached_property
    def above(self) -> Words:
        """Return the words of all keys but the last."""
        return words(" ".join(self.trail[:-1]))

    @property
    def depth(self) -> int:
        """Return the number of keys that lead to the field."""
        return len(self.trail)

    @property
    def is_in_list(self) -> bool:
        """Return whether the field belongs to the items of a list."""
        return ANY in self.trail

    @property
    def is_complete(self) -> bool:
        """Return whether every row has a value."""
        return len(self.values) == self.rows

    @property
    def is_rare(self) -> bool:
        """Return whether less than half of the rows have a value."""
        return 2 * len(self.values) < self.rows

    @cached_property
    def distinct(self) -> int:
        """Return the number of different values."""
        return len({str(value) for value in self.values})

    @property
    def varies(self) -> bool:
        """Return whether rows differ in it."""
        return self.distinct > 1 or len(self.values) < self.rows

    @cached_property
    def types(self) -> set[type]:
        """Return the types of the values."""
        return set(map(type, self.values))

    def are(self, *types: type) -> bool:
        """Return whether there are values, all of these types."""
        return bool(self.types) and self.types.issubset(types)

    @cached_property
    def is_numeric(self) -> bool:
        """Return whether nearly all values are numbers or texts of numbers."""
        return nearly_all(is_number, self.values)


def nearly_all(fits: Callable[[Json], bool], values: Sequence[Json]) -> bool:
    """Return whether values fit, except for a few texts.

    Of three or more values, one may be another text, and of many 2 %. Some lists have a row that
    explains the fields, or a word in place of an unknown number.
    """
    others = [value for value in values if not fits(value)]
    if not others:
        return bool(values)
    few = len(values) >= _SOME and len(others) <= max(1, _FEW * len(values))
    return few and all(isinstance(value, str) for value in others)


def is_number(value: Json) -> bool:
    """Return whether a value is a number, or the text of one."""
    if isinstance(value, str):
        return _NUMBER.fullmatch(value) is not None
    return type(value) in {int, float}


def gather(rows: Sequence[Mapping[str, Json]]) -> list[Column]:
    """Return the columns of the rows, ordered by their first values."""
    columns: dict[Trail, Column] = {}
    for row in rows:
        _gather(row, (), columns, len(rows))
    return list(columns.values())


def _gather(row: Mapping[str, Json], above: Trail, columns: dict[Trail, Column], rows: int) -> None:
    for key, item in row.items():
        if not key.strip() or len(above) == DEEPEST:
            continue
        here = (*above, key)
        if isinstance(item, dict) and len(item) <= NAMED:
            _gather(item, here, columns, rows)
        elif isinstance(item, list) and item and all(isinstance(each, dict) for each in item):
            for each in item:
                _gather(each, (*here, ANY), columns, rows)
        column = columns.get(here)
        if column is None:
            columns[here] = column = Column(here, rows)
        if item not in (None, "", [], {}):
            column.values.append(item)


def outermost(columns: Iterable[Column], fits: Callable[[Column, Trail], bool]) -> list[str]:
    """Return the shortest places that fit, including all below them."""
    found: dict[str, None] = {}
    for each in columns:
        starts = (each.trail[:length] for length in range(1, each.depth + 1))
        start = next((start for start in starts if fits(each, start)), None)
        if start is not None:
            found[dotted(start)] = None
    return list(found)
