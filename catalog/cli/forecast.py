"""`catalog forecast`: list models that end, their dates, sources and successors."""

from collections.abc import Iterator
from datetime import datetime

import click

from catalog.changes.forecast import End, Forecast
from catalog.changes.successors import Successor
from catalog.cli.app import App, pass_app, provider_option
from catalog.cli.findings import PROVIDER
from catalog.cli.output import ROW_FORMATS, Row, format_option, print_json, print_rows, say
from catalog.cli.tables import Column
from catalog.core.clock import now
from catalog.core.text import one_line
from catalog.report.ends import days_left, until
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
    """List the models that end.

    Each line has the day, the days left, the reason, and possible successors. The next end comes
    first, and past ends come last.
    """
    from catalog.api.endings import ending_json, endings
    from catalog.api.reads import read_states

    moment = now()
    with app.database.reading() as connection:
        known = endings(read_states(connection, app.stored(connection)), moment)
    if style == "json":
        print_json({"forecasts": [ending_json(each, moment) for each in known]})
    elif not known and style == "table":
        say("no model has an end")
    else:
        several = len(app.each) > 1
        columns, row = (SHORT_COLUMNS, _short) if style == "table" else (COLUMNS, _row)
        rows = [
            (*([each.provider] * several), *row(each.end, moment, each.successors))
            for each in known
        ]
        print_rows(style, (*([PROVIDER] * several), *columns), rows)
    return 0


def end_lines(expected: Forecast, instead: tuple[Successor, ...]) -> Iterator[tuple[str, str]]:
    """Yield a model's last day with its source, and each successor."""
    at = now()
    left = days_left(expected.until, at)
    if expected.until < at.date() and expected.basis != "proved":
        yield "ends", f"{left} ({one_line(expected.ground)})"
    else:
        yield "ends", f"{left}: {until(expected.until, expected.basis, expected.ground)}"
    for each in instead:
        yield "instead", successor(each)


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
    """Return the cells of a terminal: the end, and the best successor."""
    day, left = end.forecast.until, days_left(end.forecast.until, at)
    return (
        one_line(end.model.name),
        end.model.type,
        None if end.gone is None else str(end.gone.gone_since.date()),
        left if day < at.date() else f"{day}, {left}",
        one_line(end.forecast.ground),
        best(instead),
    )
