"""WHEN as people type it: a date, a time, `now`, `yesterday`, `7d`, a snapshot number."""

import re
from datetime import UTC, datetime, time, timedelta
from typing import Literal

import click

_AGO = re.compile(r"(\d{1,5})([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
HELP = "A date, a time, now, yesterday, 7d, or a snapshot number."

Edge = Literal["start", "end"]


def read_when(text: str, now: datetime, edge: Edge = "end") -> datetime | int:
    """Read WHEN; raise BadParameter. Times without a zone are UTC.

    A whole day means its end, so that `--at 2025-12-23` includes what came that day; `edge` is
    "start" where an interval begins.
    """
    text = text.strip()
    if text == "now":
        return now
    if text == "yesterday":
        return _edge(now - timedelta(days=1), edge)
    if match := _AGO.fullmatch(text):
        return now - timedelta(**{_UNITS[match[2]]: int(match[1])})
    if re.fullmatch(r"#?\d{1,9}", text):
        return int(text.removeprefix("#"))
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(
            f"{text!r} is no time; write 2025-12-23, 2025-12-23T10:16:55Z, now, yesterday, "
            "7d, or the number of a snapshot"
        ) from None
    if re.fullmatch(r"\d{4}-?(\d{2}-?\d{2}|W\d{2}(-?\d)?)", text):
        return _edge(moment, edge)
    return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)


def _edge(day: datetime, edge: Edge) -> datetime:
    clock = time.min if edge == "start" else time(23, 59, 59)
    return datetime.combine(day.date(), clock, UTC)
