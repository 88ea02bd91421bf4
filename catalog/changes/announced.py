"""Read the ends of models that a provider's list announces."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from types import MappingProxyType

from catalog.core.snapshot import Model
from catalog.core.strict_json import Json

FIRST, LAST = date(2000, 1, 1), date(2098, 12, 30)
"""Days outside of these mean that there is no end: epoch 0, 2098-12-31, year 9999."""
_MILLISECONDS = 10**11
"""Numbers at least this large are milliseconds, because as seconds they are after the year 5000."""
_SECONDS_DIGITS = range(9, 14)
_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})([Tt ].*)?", re.ASCII)
_PARTS = ("year", "month", "day")


@dataclass(frozen=True, slots=True)
class Announced:
    """The end of a model in the provider's list.

    `model` is the last state of the model. `successor` is a name or key. `source` names the
    provider's field.
    """

    model: Model
    until: date | None
    successor: str | None
    source: str


Announcements = Mapping[str, Announced]
"""Announced ends by model key."""
Reads = Callable[[Model], Announced | None]
"""A function that returns the announced end of a model, or None."""
NONE_ANNOUNCED: Announcements = MappingProxyType({})


def silent(_model: Model) -> None:
    """Return None, because this provider's list announces no ends."""


def announcements(models: Iterable[Model], reads: Reads) -> dict[str, Announced]:
    """Return the announced ends of models by key."""
    found = ((model.key, reads(model)) for model in models)
    return {key: said for key, said in found if said is not None}


def day_of(value: Json) -> date | None:
    """Return the day of an end in UTC, None for other values.

    Accepted are an ISO date or time, seconds since 1970, and `{year, month, day}`.
    """
    day = _day(value)
    return day if day is not None and FIRST <= day <= LAST else None


def states_a_day(value: Json) -> bool:
    """Return whether a value has the form of an end.

    That is null, an empty value, or any day, also one that means no end.
    """
    return value is None or value in ("", {}) or _day(value) is not None


def _day(value: Json) -> date | None:
    try:
        match value:
            case bool():
                return None
            case int() | float():
                return _of_seconds(value)
            case str():
                return _of_text(value.strip())
            case dict():
                return date(*(int(value[part]) for part in _PARTS))
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        return None
    return None


def _of_seconds(number: float) -> date:
    seconds = number / 1000 if abs(number) >= _MILLISECONDS else number
    return datetime.fromtimestamp(seconds, UTC).date()


def _of_text(text: str) -> date | None:
    if text.isascii() and text.isdecimal() and len(text) in _SECONDS_DIGITS:
        return _of_seconds(int(text))
    match = _DAY.fullmatch(text)
    if match is None:
        return None
    day = date(int(match[1]), int(match[2]), int(match[3]))
    try:
        moment = datetime.fromisoformat(day.isoformat() + (match[4] or ""))
        return day if moment.tzinfo is None else moment.astimezone(UTC).date()
    except (ValueError, OverflowError):
        return day  # because the time is unreadable, such as ` UTC`, or too late
