"""`catalog sync`: one pass, as cron runs it."""

from collections.abc import Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

import click

from catalog.cli.app import App, pass_app, provider_option
from catalog.cli.output import format_option, note_error, print_json, say
from catalog.core.errors import CatalogHeld, SettingsInvalid

if TYPE_CHECKING:
    from datetime import timedelta

    from catalog.changes.poll import Pass
    from catalog.config.build_quick import Claimed
    from catalog.config.settings import HoldSettings
    from catalog.core.http.client import Http
    from catalog.daemon.scheduled import Scheduled
    from catalog.store.database import Database
    from catalog.sync.quick import Asked


@click.command()
@click.option("--accept", is_flag=True, help="Apply an answer that would be held back.")
@click.option("--dry-run", is_flag=True, help="Show everything, write and send nothing.")
@click.option("--scheduled", is_flag=True, help="Do nothing if the schedule's slot was done.")
@click.option("--exit-code", is_flag=True, help="Exit with 1 when the catalog changed.")
@format_option("text", "json")
@provider_option
@pass_app
def sync(
    app: App, accept: bool, dry_run: bool, scheduled: bool, exit_code: bool, style: str
) -> int:
    """Poll the provider once.

    Store what came, compare, judge, write the document, and tell. With -q before the command,
    nothing is printed where nothing changed.
    """
    from catalog.changes.poll import Pass
    from catalog.cli.results import status
    from catalog.config.build_quick import Claimed

    if scheduled and (accept or dry_run):
        raise click.UsageError("--scheduled goes with neither --accept nor --dry-run.")
    asked = None if accept or dry_run else _ask_at_rest(app, scheduled=scheduled)
    if isinstance(asked, Pass | Claimed):
        _tell([asked], style, quiet=app.verbosity < 0, dry_run=False)
        return 0
    ended, codes = _passes(app, asked, accept=accept, dry_run=dry_run, scheduled=scheduled)
    _tell(ended, style, quiet=app.verbosity < 0, dry_run=dry_run)
    passes = (each for each in ended if not isinstance(each, Claimed))
    return max([*codes, *(status(each, exit_code=exit_code) for each in passes)], default=0)


def _ask_at_rest(app: App, *, scheduled: bool) -> "Pass | Asked | Claimed | None":
    """Poll a provider with which nothing is left to do, without loading what a pass takes."""
    import os

    from catalog.config.build_quick import Line, poll_at_rest

    line = Line(app.config, app.database_url, app.provider, os.environ, scheduled)
    return poll_at_rest(line)


def _passes(
    app: App, asked: "Asked | None", *, accept: bool, dry_run: bool, scheduled: bool
) -> "tuple[list[Pass | Claimed], list[int]]":
    """Run a pass of each provider; return what came of them, and the exit codes of the others."""
    from catalog.config.build import wire_http
    from catalog.config.build_quick import Claimed
    from catalog.store.database import MEMORY, Database

    app = app.with_files()
    settings, database = app.loaded.settings, app.database
    if dry_run:
        database = Database(
            settings.database if database.exists else MEMORY, upgrades=not database.exists
        )
    with wire_http(settings) as http, closing(database):
        works, codes = _wired(app, database, http)
        ended = [
            _run(work, asked, scheduled=scheduled, accept=accept, dry_run=dry_run) for work in works
        ]
    for each in ended:
        if not isinstance(each, Claimed) and isinstance(each.poll.error, CatalogHeld):
            each.poll.error.hint = _ways_out(settings.hold)
    return ended, codes


def _tell(ended: "Sequence[Pass | Claimed]", style: str, *, quiet: bool, dry_run: bool) -> None:
    if style == "json":
        told = [_json(each, dry_run=dry_run) for each in ended]
        print_json(told[0] if len(told) == 1 else {"passes": told})
    else:
        for each in ended:
            _print(each, quiet=quiet, dry_run=dry_run)


def _wired(app: App, database: "Database", http: "Http") -> "tuple[list[Scheduled], list[int]]":
    """Make the work of each provider; of several, one that lacks its token stops no other."""
    from catalog.config.build import wire_scheduled

    works: list[Scheduled] = []
    codes: list[int] = []
    for settings in app.each:
        try:
            works.append(wire_scheduled(settings, app.loaded, database, http))
        except SettingsInvalid as error:
            if len(app.each) == 1:
                raise
            note_error(error)
            codes.append(error.exit_code)
    return works, codes


def _run(
    work: "Scheduled", asked: "Asked | None", *, scheduled: bool, accept: bool, dry_run: bool
) -> "Pass | Claimed":
    from catalog.config.build_quick import Claimed

    if scheduled:
        run = work.run(asked)
        return run.result or Claimed(run.provider, run.claim.moment, run.claim.done_at)
    if dry_run:
        return work.sync.run(accept=accept, dry_run=True)
    return work.run_now(asked, accept=accept)


def _json(ended: "Pass | Claimed", *, dry_run: bool) -> dict[str, Any]:
    from catalog.cli.results import pass_json
    from catalog.config.build_quick import Claimed
    from catalog.core.clock import stamp

    if not isinstance(ended, Claimed):
        return pass_json(ended, dry_run=dry_run)
    done = {} if ended.done_at is None else {"done_at": stamp(ended.done_at)}
    return {"provider": ended.provider, "outcome": "skipped", "slot": stamp(ended.slot), **done}


def _print(ended: "Pass | Claimed", *, quiet: bool, dry_run: bool) -> None:
    from catalog.cli.results import print_pass
    from catalog.config.build_quick import Claimed
    from catalog.report.summary import skipped

    if not isinstance(ended, Claimed):
        print_pass(ended, quiet=quiet, dry_run=dry_run)
    elif not quiet:
        say(f"{ended.provider}: {skipped(ended.slot, ended.done_at)}")


def _ways_out(hold: "HoldSettings") -> str:
    """Say what lets a held answer through, by the settings."""
    return (
        "If it is true, run `catalog sync --accept`; it goes through by itself when "
        f"{hold.polls} polls in a row, at least {_exactly(hold.apart)} apart, lack the same models."
    )


def _exactly(span: "timedelta") -> str:
    """Write a span in the largest unit of which it is a whole number."""
    from catalog.core.text import count

    seconds = span.total_seconds()
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds % size == 0:
            return count(int(seconds // size), unit)
    return f"{seconds:g} seconds"
