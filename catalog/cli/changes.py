"""`catalog changes` and `catalog diff`: the change log, and any two states side by side."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from catalog.cli.app import App, pass_app
from catalog.cli.output import ROW_FORMATS, format_option
from catalog.cli.when import HELP, Edge, read_when
from catalog.clock import now

if TYPE_CHECKING:
    from datetime import datetime

    from catalog.snapshot import Snapshot
    from catalog.store.database import Transaction

LEVELS = ("breaking", "warning", "info")
LOGGED = ("added", "removed", "restored", "updated", "drift")


@click.command()
@click.option("--since", metavar="WHEN", help=HELP)
@click.option("--until", metavar="WHEN", help=HELP)
@click.option("--model", metavar="MODEL", help="Only this model (its name or id).")
@click.option("--level", type=click.Choice(LEVELS), help="This level and all that are graver.")
@click.option("--facts", is_flag=True, help="Take waves apart: each model by itself.")
@format_option(*ROW_FORMATS)
@pass_app
def changes(
    app: App,
    since: str | None,
    until: str | None,
    model: str | None,
    level: str | None,
    facts: bool,
    style: str,
) -> int:
    """List what changed, oldest first; one field moving on most models is one line."""
    from catalog.change import Level
    from catalog.cli.findings import print_findings, single
    from catalog.providers.infomaniak.infomaniak import NAME
    from catalog.store import changelog, history

    with app.database.reading() as connection:
        key = None
        if model is not None:
            newest = history.number_at(connection, NAME, None)
            key = history.find_key(connection, NAME, model, newest)
        wanted = changelog.Wanted(
            NAME,
            since=_bound(connection, since, "start"),
            until=_bound(connection, until, "end"),
            key=key,
            levels=tuple(Level)[: LEVELS.index(level) + 1] if level else (),
            kinds=LOGGED,
        )
        findings = changelog.findings(connection, wanted)
    print_findings(style, single(findings) if facts else findings)
    return 0


@click.command()
@click.argument("a")
@click.argument("b")
@click.option("--exit-code", is_flag=True, help="Exit with 1 when there are differences.")
@click.option("--facts", is_flag=True, help="Take waves apart: each model by itself.")
@format_option(*ROW_FORMATS)
@pass_app
def diff(app: App, a: str, b: str, exit_code: bool, facts: bool, style: str) -> int:
    """Compare two states A and B: snapshot numbers, times or payload files, in any mix."""
    from catalog.cli.findings import print_findings, single
    from catalog.diff import diff as compare
    from catalog.judge import Case, judge
    from catalog.providers.infomaniak.infomaniak import Infomaniak

    provider = Infomaniak()
    before, after = _state(app, a), _state(app, b)
    case = Case(
        provider=provider.name,
        at=after.taken_at,
        attributes=provider.attributes,
        lifecycle=provider.lifecycle,
        common=len(before.by_key.keys() & after.by_key.keys()),
        levels=app.loaded.settings.rules,
    )
    findings = judge(compare(before, after), case)
    print_findings(style, single(findings) if facts else findings)
    return int(exit_code and bool(findings))


def _bound(connection: "Transaction", text: str | None, edge: Edge) -> "datetime | None":
    """Read a bound of an interval; a snapshot number stands for the time it was taken."""
    from catalog.providers.infomaniak.infomaniak import NAME
    from catalog.store import history

    when = None if text is None else read_when(text, now(), edge)
    if not isinstance(when, int):
        return when
    return history.snapshot(connection, history.number_at(connection, NAME, when)).taken_at


def _state(app: App, text: str) -> "Snapshot":
    """Read one side of a comparison: an existing file, else a moment of the stored history."""
    from catalog.providers.infomaniak.infomaniak import NAME, Infomaniak
    from catalog.store import history
    from catalog.validate import validate

    path = Path(text)
    if path.is_file():
        from catalog.cli.payloads import read_payload

        provider = Infomaniak()
        return provider.normalize(validate(read_payload(path), provider.contract))
    when = read_when(text, now())
    with app.database.reading() as connection:
        return history.snapshot(connection, history.number_at(connection, NAME, when))
