"""`catalog forecast`: list models that end, their dates, sources and successors."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import click

from catalog.changes.forecast import End, Forecast
from catalog.changes.successors import Successor
from catalog.cli.app import App, pass_app, provider_option
from catalog.cli.findings import PROVIDER
from catalog.cli.output import ROW_FORMATS, Row, format_option, print_json, print_rows, say
from catalog.cli.tables import Column
from catalog.core.clock import now, stamp
from catalog.core.text import one_line
from catalog.report.ends import days_left, until
from catalog.report.json_output import forecast_json
from catalog.report.sentences import best, successor

NAMES = ("Model", "Type", "Gone since", "Until", "Days left", "Basis", "Ground", "Instead")
COLUMNS = tuple(map(Column, NAMES))
SHORT_COLUMNS = (
    Column("Model", fit="name"),
    Column("Type", rank=3, fit="name"),
    Column("Gone since", rank=2),
    Column("Ends"),
    Column("Reason", rank=4, fit="cut"),
    Column("Instead", rank=1, fit="name"),
)
"""The columns on a terminal. Other formats have every detail."""


@click.command()
@format_option(*ROW_FORMATS)
@provider_option
@pass_app
def forecast(app: App, style: str) -> int:
    """List every model with an end.

    Each stands with the day, the days left, why we say so, and what may take its place. What ends
    next comes first; what is over comes last.
    """
    from catalog.api.reads import read_ends
    from catalog.config.build import wire_provider
    from catalog.store import history

    listing, moment = [], now()
    with app.database.reading() as connection:
        for settings in app.each:
            number = history.number_at(connection, settings.one.name, None)
            known, instead = read_ends(connection, wire_provider(settings.one), number)
            listing += [(settings.one.name, end, instead[end.model.key]) for end in known]
    listing.sort(key=lambda each: _order(each[1], moment))
    if style == "json":
        print_json({"forecasts": [_json(name, end, moment, to) for name, end, to in listing]})
    elif not listing and style == "table":
        say("no model has an end")
    else:
        several = len(app.each) > 1
        columns, row = (SHORT_COLUMNS, _short) if style == "table" else (COLUMNS, _row)
        rows = [(*([name] * several), *row(end, moment, instead)) for name, end, instead in listing]
        print_rows(style, (*([PROVIDER] * several), *columns), rows)
    return 0


def end_lines(expected: Forecast, instead: tuple[Successor, ...]) -> Iterator[tuple[str, str]]:
    """Yield the last day of one model with its source, and each successor."""
    at = now()
    left = days_left(expected.until, at)
    if expected.until < at.date() and expected.basis != "proved":
        yield "ends", f"{left} ({one_line(expected.ground)})"
    else:
        yield "ends", f"{left}: {until(expected.until, expected.basis, expected.ground)}"
    for each in instead:
        yield "instead", successor(each)


def _order(end: End, at: datetime) -> tuple[object, ...]:
    """Return a sort key: future ends by day, then newest past ones."""
    days = end.forecast.days_left(at)
    return days < 0, abs(days)


def _row(end: End, at: datetime, instead: tuple[Successor, ...]) -> Row:
    expected = end.forecast
    return (
        one_line(end.model.name),
        end.model.type,
        None if end.gone is None else str(end.gone.gone_since.date()),
        str(expected.until),
        expected.days_left(at),
        expected.basis,
        one_line(expected.ground),
        "; ".join(map(successor, instead)) or None,
    )


def _short(end: End, at: datetime, instead: tuple[Successor, ...]) -> Row:
    """Return the cells of a terminal: one text for the end, and the best successor."""
    day, left = end.forecast.until, days_left(end.forecast.until, at)
    return (
        one_line(end.model.name),
        end.model.type,
        None if end.gone is None else str(end.gone.gone_since.date()),
        left if day < at.date() else f"{day}, {left}",
        one_line(end.forecast.ground),
        best(instead),
    )


def _json(provider: str, end: End, at: datetime, instead: tuple[Successor, ...]) -> dict[str, Any]:
    model = {
        "provider": provider,
        "model": end.model.name,
        "key": end.model.key,
        "type": end.model.type,
    }
    gone = {} if end.gone is None else {"gone_since": stamp(end.gone.gone_since)}
    known: dict[str, Any] = {**model, "listed": end.gone is None, **gone}
    return known | forecast_json(end.forecast, at, instead)
