"""Parse times and spans: dates, `now`, `yesterday`, `7d`, snapshot numbers."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any, Literal

import click

from catalog.core.clock import now

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


def when_option(flag: str, purpose: str, edge: Edge = "end") -> Callable[[Any], Any]:
    """Return an option that parses WHEN to a time or snapshot number."""

    def read(context: click.Context, option: click.Parameter, text: str | None) -> When | None:
        try:
            return None if text is None else read_when(text, now(), edge)
        except ValueError as error:
            raise click.BadParameter(str(error), context, option) from None

    words = f"{purpose} WHEN: a date, a time, now, yesterday, 7d, or a snapshot number."
    return click.option(flag, metavar="WHEN", callback=read, help=words)


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
        if _DAY.fullmatch(text):
            return _edge(moment, edge)
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is no time; write {WAYS}") from None


def read_span(
    context: click.Context, option: click.Parameter, text: str | None
) -> timedelta | None:
    """Parse a duration option as in settings, None if not given."""
    from catalog.config.types import read_long_duration

    try:
        return None if text is None else read_long_duration(text)
    except ValueError as error:
        raise click.BadParameter(str(error), context, option) from None


def _edge(day: datetime, edge: Edge) -> datetime:
    clock = time.min if edge == "start" else time(23, 59, 59)
    return datetime.combine(day.date(), clock, UTC)
