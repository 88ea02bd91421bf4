"""Sum up a number that moved on many models."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from catalog.changes.change import Updated
from catalog.changes.values import number
from catalog.core.strict_json import JsonText, parse
from catalog.core.text import show

_Side = tuple[Decimal, JsonText]


def direction(updates: Iterable[Updated]) -> str | None:
    """Return `raised` or `lowered` if all numbers moved that way, else None."""
    words = {_word(_number(update.before), _number(update.after)) for update in updates}
    return words.pop() if len(words) == 1 else None


def span(updates: Sequence[Updated]) -> str | None:
    """Return the lowest and highest number before and after the change.

    An example is `0 → 0.1 … 0.5, raised`. Return None if a value is not a number.
    """
    before = [found for update in updates if (found := _number(update.before))]
    after = [found for update in updates if (found := _number(update.after))]
    if min(len(before), len(after)) < len(updates):
        return None
    different = len({(update.before, update.after) for update in updates})
    how = direction(updates) or f"{different} different moves"
    return f"{_range(before)} → {_range(after)}, {how}"


def _number(value: JsonText | None) -> _Side | None:
    found = None if value is None else number(parse(value))
    return None if found is None or value is None else (found, value)


def _word(before: _Side | None, after: _Side | None) -> str | None:
    if before is None or after is None or before[0] == after[0]:
        return None
    return "raised" if after[0] > before[0] else "lowered"


def _range(values: Sequence[_Side]) -> str:
    lowest, highest = min(values), max(values)
    if lowest[0] == highest[0]:
        return show(lowest[1])
    return f"{show(lowest[1])} … {show(highest[1])}"
