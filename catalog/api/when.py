"""Read a moment: a time, a day, text, or a snapshot number."""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

from catalog.core.clock import now
from catalog.core.errors import ArgumentInvalid

_AGO = re.compile(r"([0-9]{1,5})([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_NUMBER = re.compile(r"#?[0-9]{1,9}")
_DAY = re.compile(r"[0-9]{4}-([0-9]{2}-[0-9]{2}|W[0-9]{2}(-[0-9])?)")
WAYS = (
    "2025-12-23, 2025-12-23T10:16:55Z, now, yesterday, 7d (m, h, d or w ago), "
    "or the number of a snapshot"
)

Edge = Literal["start", "end"]
When = datetime | int
Moment = datetime | date | int | str
"""A time, a day, a snapshot number, or text such as `yesterday`, `7d` or `2025-12-23`."""


def read_moment(moment: Moment | None, name: str, edge: Edge = "end") -> When | None:
    """Return a time in UTC or a snapshot number, or raise ArgumentInvalid.

    Times without a zone are UTC. A day means its end, or its beginning with `edge` "start". `name`
    is the argument in the error.
    """
    match moment:
        case None | int():
            return moment
        case datetime():
            return _in_utc(moment)
        case date():
            return _edge(moment, edge)
    try:
        return read_when(moment, now(), edge)
    except ValueError as error:
        raise ArgumentInvalid(f"{name}: {error}") from None


def read_when(text: str, now: datetime, edge: Edge = "end") -> When:
    """Parse WHEN, or raise ValueError. Times without a zone are UTC.

    A day means its end, so that `--at 2025-12-23` includes the changes of that day. With `edge`
    "start" it means its beginning.
    """
    text = text.strip()
    if text == "now":
        return now
    if text == "yesterday":
        return _edge(now - timedelta(days=1), edge)
    if match := _AGO.fullmatch(text):
        return now - timedelta(**{_UNITS[match[2]]: int(match[1])})
    if _NUMBER.fullmatch(text):
        return int(text.removeprefix("#"))
    try:
        moment = datetime.fromisoformat(text)
        return _edge(moment, edge) if _DAY.fullmatch(text) else _in_utc(moment)
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is not a time; write {WAYS}") from None


def _in_utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)


def _edge(day: date, edge: Edge) -> datetime:
    clock = time.min if edge == "start" else time(23, 59, 59)
    return datetime.combine(day, clock, UTC)
