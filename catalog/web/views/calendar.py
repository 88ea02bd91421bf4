"""Read the models that end: the page `/calendar`."""

from dataclasses import dataclass
from itertools import groupby
from typing import Any

from catalog.api.endings import Ending, ending_json, read_endings
from catalog.report.markdown import code_cell, table, text
from catalog.report.sentences import best
from catalog.web.query import Query
from catalog.web.reader import Reading


@dataclass(frozen=True, slots=True)
class Month:
    """The ends of one month, by day. `name` is such as `2026-05`."""

    name: str
    endings: tuple[Ending, ...]


@dataclass(frozen=True, slots=True)
class CalendarView:
    """The months with ends: future months first, then past ones, newest first."""

    coming: tuple[Month, ...]
    past: tuple[Month, ...]

    @property
    def endings(self) -> tuple[Ending, ...]:
        """Return every end in the order of the page."""
        return tuple(each for month in (*self.coming, *self.past) for each in month.endings)


def read_calendar(reading: Reading, query: Query) -> CalendarView:
    """Return the ends of one provider or of all."""
    each = reading.stored(query.text("provider"))
    endings = read_endings(reading.connection, each, reading.now)
    today = reading.now.date()
    coming = [each for each in endings if each.end.forecast.until >= today]
    past = [each for each in endings if each.end.forecast.until < today]
    return CalendarView(_months(coming, newest_first=False), _months(past, newest_first=True))


def calendar_json(view: CalendarView, reading: Reading) -> dict[str, Any]:
    """Return the ends as `catalog forecast --format json` prints them."""
    return {"forecasts": [ending_json(each, reading.now) for each in view.endings]}


def calendar_markdown(view: CalendarView) -> str:
    """Return the ends as a Markdown table."""
    return endings_table(view.endings)


def endings_table(endings: tuple[Ending, ...]) -> str:
    """Return ends with reasons and best replacements as a Markdown table."""
    rows = [
        [
            str(each.end.forecast.until),
            text(each.provider),
            code_cell(each.end.model.name),
            text(each.end.forecast.ground),
            text(best(each.successors) or ""),
        ]
        for each in endings
    ]
    return table(("Ends", "Provider", "Model", "Reason", "Instead"), rows)


def _months(endings: list[Ending], *, newest_first: bool) -> tuple[Month, ...]:
    def month(ending: Ending) -> str:
        return f"{ending.end.forecast.until:%Y-%m}"

    days = sorted(
        endings, key=lambda each: (each.end.forecast.until, each.provider, each.end.model.name)
    )
    groups = [Month(name, tuple(group)) for name, group in groupby(days, key=month)]
    return tuple(reversed(groups)) if newest_first else tuple(groups)
