"""`catalog matrix`: show the last call result of each model and route."""

import click

from catalog.cli.app import App, pass_app, provider_option
from catalog.cli.output import Row, format_option, print_json, print_rows, say
from catalog.cli.tables import Column
from catalog.core.clock import stamp
from catalog.core.probe import Cell, Probe

COLUMNS = (Column("Model", fit="name"), Column("Form", rank=2), Column("List", rank=1))
DETAILS = (
    Column("Model", fit="name"),
    Column("Route"),
    Column("Verdict"),
    Column("Since", rank=2),
    Column("Last called", rank=3),
    Column("ms", rank=5),
    Column("Tokens", rank=6),
    Column("As", rank=4, fit="name"),
    Column("Answer", rank=1, fit="wrap"),
)


@click.command()
@click.option(
    "--answers",
    is_flag=True,
    help="Show one line for each model and route, with the words of the answer.",
)
@format_option("table", "json", "markdown")
@provider_option
@pass_app
def matrix(app: App, answers: bool, style: str) -> int:
    """Show which model answers on which route, and since when.

    It only reads the database. `(?)` marks a result that waits for a second try.
    """
    from catalog.api.matrix import matrix_json, read_matrix
    from catalog.api.reads import read_state
    from catalog.config.build import wire_provider

    provider = app.one.one.name
    with app.database.reading() as connection:
        known = read_matrix(connection, read_state(connection, wire_provider(app.one.one)))
    cells = {(each.cell.name, each.cell.route): each.cell for each in known}
    ordered, where = [*cells.values()], {each.cell.name: each.where for each in known}
    if style == "json":
        print_json(matrix_json(provider, known))
    elif not cells and style == "table":
        say("no calls")
    elif answers:
        print_rows(style, DETAILS, [_details(cell, cell.newest) for cell in ordered if cell.newest])
    else:
        routes = list(dict.fromkeys(sorted(cell.route for cell in ordered)))
        names = list(dict.fromkeys(cell.name for cell in ordered))
        rows = [_row(name, where[name], routes, cells) for name in names]
        print_rows(style, (*COLUMNS, *map(Column, routes)), rows)
    return 0


def _row(name: str, where: str, routes: list[str], cells: dict[tuple[str, str], Cell]) -> Row:
    from catalog.api.matrix import form

    return (name, form(name), where, *(_short(cells.get((name, route))) for route in routes))


def _short(cell: Cell | None) -> str | None:
    """Return a verdict and its day, with a question mark if unconfirmed."""
    if cell is None:
        return None
    asked = f"{cell.waiting[-1].verdict} (?)" if cell.waiting else ""
    if cell.last is None:
        return asked
    day = f"{cell.since or cell.last.at:%Y-%m-%d}"
    return f"{cell.verdict} {day}{', ' if asked else ''}{asked}"


def _details(cell: Cell, newest: Probe) -> Row:
    came, since = newest.result, cell.since
    verdict = f"{newest.verdict}{'' if newest is cell.last else ' (?)'}"
    times = (stamp(since) if since else None, stamp(newest.at))
    return (
        *(cell.name, cell.route, verdict, *times, came.latency_ms, came.tokens),
        *(came.answered_as, came.said),
    )
