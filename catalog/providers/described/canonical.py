"""Convert differently spelled values to one form, so equal values match."""

import math
from decimal import Decimal, InvalidOperation

from catalog.core.clock import read_moment
from catalog.core.paths import Places
from catalog.core.strict_json import Json

DIGITS = 12
"""Significant digits of a number. Further digits of computed doubles are rounding errors."""
_LONGEST = 64


def number(value: Json) -> Json:
    """Return a number, or a numeric text, in its canonical form.

    `"5e-09"` and `"0.000000005"` become one text, `0.049999999999999996` and `0.05` one number.
    Texts and numbers stay distinct, because the type is a fact too. Other values are unchanged.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return value
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        rounded = float(f"{value:.{DIGITS}g}")
        return int(rounded) if rounded.is_integer() else rounded
    return _number_text(value)


def _number_text(text: str) -> str:
    if len(text) > _LONGEST or not text.isascii() or "_" in text:
        return text
    try:
        exact = Decimal(text)
    except InvalidOperation:
        return text
    if not exact.is_finite() or abs(exact.adjusted()) > _LONGEST:
        return text
    rounded = Decimal(f"{exact:.{DIGITS}g}")
    plain = format(rounded, "f")
    plain = plain.rstrip("0").rstrip(".") if "." in plain else plain
    return "0" if plain in {"-0", ""} else plain


def moment(value: Json) -> Json:
    """Return a time as canonical text in UTC, or the unchanged value.

    Seconds since 1970 stay a number. A day without a time stays a day.
    """
    if not isinstance(value, str) or len(value.strip()) < len("2025-01-01T00:00"):
        return value
    when = read_moment(value)
    return value if when is None else when.isoformat().replace("+00:00", "Z")


def spelled(value: Json, numbers: Places, times: Places) -> Json:
    """Return a value with numbers and times in canonical form."""
    if isinstance(value, dict):
        return {
            key: spelled(item, numbers.below(key), times.below(key)) for key, item in value.items()
        }
    if isinstance(value, list):
        return [
            spelled(item, numbers.below(str(index)), times.below(str(index)))
            for index, item in enumerate(value)
        ]
    if isinstance(value, float) and math.isfinite(value):
        return number(value)
    if numbers.cover_all:
        return number(value)
    return moment(value) if times.cover_all else value


def without(value: Json, volatile: Places) -> Json:
    """Return a value without these places."""
    if isinstance(value, dict):
        return {
            key: without(item, below)
            for key, item in value.items()
            if not (below := volatile.below(key)).cover_all
        }
    if isinstance(value, list) and volatile.trails:
        return [without(item, volatile.below(str(index))) for index, item in enumerate(value)]
    return value
