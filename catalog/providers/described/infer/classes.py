"""Choose the fields with prices, times, and values that always change."""

import re
from collections.abc import Sequence
from typing import Any

from catalog.core.clock import read_moment
from catalog.core.paths import Trail
from catalog.core.spelling import Words, words
from catalog.core.strict_json import Json
from catalog.providers.described.infer.attributes import is_priced, is_running, prices
from catalog.providers.described.infer.columns import Column, nearly_all, outermost

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIMES = frozenset(
    {"created", "create", "updated", "update", "released", "release", "modified", "added", "date"}
    | {"retire", "deprecated", "published", "knowledge", "cutoff"}
)
_MOVING = frozenset(
    {"uptime", "latency", "throughput", "download", "like", "rank", "score", "benchmark", "tps"}
    | {"trending", "popularity", "view", "star", "permission"}
)
_COUNTS: set[Words] = {("request",), ("run", "count"), ("usage", "count"), ("use", "count")}
_COUNTS |= {("last", "used", "at"), ("expire", "at"), ("size", "vram"), ("loaded", "instance")}
_COUNTS |= {("loaded", "context", "length")}
_LIMITS = frozenset({"limit", "quota", "rate", "max", "maximum"})
"""Words of objects in which a count is a limit."""


def classes(columns: Sequence[Column]) -> dict[str, Any]:
    """Return the places of prices, times and volatile values, without empty classes."""
    ordered = sorted(columns, key=lambda each: each.place)
    volatile = outermost(ordered, _moves)
    steady = [each for each in ordered if not any(_moves(each, start) for start in _starts(each))]
    found = {
        "prices": prices(steady),
        "times": [each.place for each in steady if _is_time(each)],
        "volatile": volatile,
    }
    return {name: places for name, places in found.items() if places}


def _starts(column: Column) -> list[Trail]:
    return [column.trail[:length] for length in range(1, column.depth + 1)]


def _moves(column: Column, start: Trail) -> bool:
    named = words(start[-1])
    if any(is_priced((step,)) or not _LIMITS.isdisjoint(words(step)) for step in start[:-1]):
        return False
    if named in _COUNTS or not _MOVING.isdisjoint(named):
        return "limit" not in named and not is_priced(start)
    return start == column.trail and is_running(column)


def _is_time(column: Column) -> bool:
    """Return whether texts are times.

    Days count if the field is named like a time.
    """
    if not column.are(str) or not nearly_all(is_date, column.values):
        return False
    has_times = any(len(str(value)) > len("2025-01-01") for value in column.values)
    return has_times or not _TIMES.isdisjoint(column.words)


def is_date(value: Json) -> bool:
    """Return whether a text is a day or a time.

    The zone may be after a space.
    """
    return isinstance(value, str) and bool(_DAY.match(value)) and read_moment(value) is not None
