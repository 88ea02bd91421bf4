"""`catalog forecast`: list models that end, their dates, sources and successors."""

from datetime import datetime
from typing import Any

import click

from catalog.changes.forecast import End, Forecast
from catalog.changes.successors import Successor
from catalog.cli.app import App, pass_app, provider_option
from catalog.cli.output import ROW_FORMATS, Row, format_option, print_json, print_rows, say
from catalog.core.clock import now, stamp
from catalog.core.text import one_line
from catalog.core.visible import visible
from catalog.report.ends import days_left, until
from catalog.report.json_output import forecast_json
from catalog.report.sentences import successor

COLUMNS = ("Model", "Type", "Gone since", "Until", "Days left", "Basis", "Ground", "Instead")


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
        rows = [
            (*([name] * several), *_row(end, moment, instead)) for name, end, instead in listing
        ]
        print_rows(style, (*(["Provider"] * several), *COLUMNS), rows)
    return 0


def print_end(expected: Forecast, instead: tuple[Successor, ...]) -> None:
    """Print the last day of one model, its source, and the successors."""
    told = until(expected.until, expected.basis, expected.ground)
    say(visible(f"ends        {days_left(expected.days_left(now()))}: {told}"))
    for each in instead:
        say(visible(f"instead     {successor(each)}"))


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
