"""Read the models that end: the page `/calendar`."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from catalog.api.endings import Ending, ending, ending_json
from catalog.api.reads import State
from catalog.changes.forecast import End
from catalog.report.markdown import code_cell, table, text
from catalog.report.sentences import best
from catalog.web.paging import Part, part_of
from catalog.web.query import Query
from catalog.web.reader import Reading

FILTERS = ("provider", "limit")
"""The names in a query that select ends."""


@dataclass(frozen=True, slots=True)
class Month:
    """The ends of one month, by day. `name` is such as `2026-05`."""

    name: str
    endings: tuple[Ending, ...]


@dataclass(frozen=True, slots=True)
class CalendarView:
    """One page of the months with ends.

    Future months come first, then past ones, newest first. `has_coming` is whether any end is
    ahead, also on another page. `providers` are those with ends.
    """

    coming: tuple[Month, ...]
    past: tuple[Month, ...]
    part: Part
    has_coming: bool
    providers: tuple[str, ...]
    filters: dict[str, str]

    @property
    def endings(self) -> tuple[Ending, ...]:
        """Return the ends in the order of the page."""
        return tuple(each for month in (*self.coming, *self.past) for each in month.endings)


def read_calendar(reading: Reading, query: Query) -> CalendarView:
    """Return the ends of one provider or of all."""
    states = map(reading.state, reading.stored(query.text("provider")))
    known = sorted([_Known(state, end) for state in states for end in state.ends], key=_Known.order)
    today = reading.now.date()
    coming = [each for each in known if each.until >= today]
    past = [each for each in known if each.until < today]
    past.sort(key=lambda each: each.month, reverse=True)
    part = part_of(query, len(known))
    shown = part.of([*coming, *past])
    return CalendarView(
        coming=_months(each for each in shown if each.until >= today),
        past=_months(each for each in shown if each.until < today),
        part=part,
        has_coming=bool(coming),
        providers=tuple(dict.fromkeys(each.state.snapshot.provider for each in known)),
        filters=query.chosen(FILTERS),
    )


def calendar_json(view: CalendarView, reading: Reading) -> dict[str, Any]:
    """Return the ends as `catalog forecast --format json` prints them."""
    found = [ending_json(each, reading.now) for each in view.endings]
    return {"forecasts": found, **view.part.next_json()}


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


@dataclass(frozen=True, slots=True)
class _Known:
    """An end, before its successors are computed."""

    state: State
    end: End

    @property
    def until(self) -> date:
        return self.end.forecast.until

    @property
    def month(self) -> str:
        return f"{self.until:%Y-%m}"

    def order(self) -> tuple[date, str, str]:
        return self.until, self.state.snapshot.provider, self.end.model.name


def _months(known: Iterable[_Known]) -> tuple[Month, ...]:
    return tuple(
        Month(name, tuple(ending(each.state, each.end) for each in group))
        for name, group in groupby(known, key=lambda each: each.month)
    )
