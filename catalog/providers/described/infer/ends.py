"""Choose the fields with the end of a model and its successor."""

from collections.abc import Sequence

from catalog.changes.status import USUAL, word_of
from catalog.core.strict_json import Json
from catalog.providers.described.infer.attributes import Weight, best, is_url
from catalog.providers.described.infer.classes import is_date
from catalog.providers.described.infer.columns import Column, nearly_all

_ENDS = (
    frozenset({"retirement", "retire", "retired", "shutdown", "sunset", "eol", "removal"}),
    frozenset({"life", "end"}),
    frozenset({"expiration", "expire", "expiry", "discontinued", "discontinuation"}),
    frozenset({"deprecation"}),
    frozenset({"deprecated"}),
)
"""Words of an end. Words for the last day come first."""
_OTHER = frozenset(
    {"start", "fine", "tune", "tuning", "training", "replacement", "reason", "notice", "announced"}
    | {"url", "link", "message", "status"}
)
_DATES = frozenset({"date", "at", "on", "time", "deprecation", "eol", "day"})
_SUCCESSORS = frozenset({"successor", "replacement", "replaced", "superseded", "replace"})
_YEAR_2001, _YEAR_5138 = 10**9, 10**11
"""Whole numbers between these two are seconds since 1970."""


def ends(columns: Sequence[Column]) -> Column | None:
    """Return the field with the last day of a model.

    Without one, return a boolean field that is true for models that end.
    """
    return best(columns, _end_weight) or best(columns, _flag_weight)


def successor(columns: Sequence[Column]) -> Column | None:
    """Return the field with the replacement of a model that ends."""
    return best(columns, _successor_weight)


def _end_weight(column: Column) -> Weight | None:
    named = frozenset(column.words + column.above[-1:])
    rank = next((rank for rank, each in enumerate(_ENDS) if each & named), None)
    is_loaded = column.words == ("expire", "at")
    if rank is None or is_loaded or not _OTHER.isdisjoint(named):
        return None
    if not (nearly_all(_is_day, column.values) if column.values else _may_be_empty(column)):
        return None
    return (rank, column.depth, column.place)


def _flag_weight(column: Column) -> Weight | None:
    """Weigh a boolean such as `is_deprecated`, by the status in its name."""
    word = word_of(column.place, value=True) if column.are(bool) else None
    ends = USUAL.meaning(word) in {"ending", "gone"}
    return (column.depth, column.place) if ends else None


def _may_be_empty(column: Column) -> bool:
    return not _DATES.isdisjoint(column.words[-1:])


def _is_day(value: Json) -> bool:
    if isinstance(value, dict):
        return value.keys() >= {"year", "month", "day"}
    is_time = type(value) is int and (value == 0 or _YEAR_2001 <= value < _YEAR_5138)
    return is_time or is_date(value)


def _successor_weight(column: Column) -> Weight | None:
    if _SUCCESSORS.isdisjoint(column.words) or any(map(is_url, column.values)):
        return None
    is_name = all(isinstance(each, str) and " " not in each.strip() for each in column.values)
    has_date = not _DATES.isdisjoint(column.words[-1:])
    return (column.depth, column.place) if is_name and not has_date else None
