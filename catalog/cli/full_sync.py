"""Prepare a full pass of `catalog sync`.

This module is loaded only if the fast path is not enough.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta

from catalog.api.sync import dry_database
from catalog.changes.poll import Pass
from catalog.cli.app import App
from catalog.cli.output import note_error
from catalog.cli.results import Skipped
from catalog.config.build import wire_http, wire_scheduled
from catalog.config.settings import HoldSettings
from catalog.core.errors import CatalogHeld, SettingsInvalid
from catalog.core.http.client import Http
from catalog.core.text import count
from catalog.daemon.scheduled import Scheduled
from catalog.store.database import Database


@contextmanager
def opened(app: App, *, dry_run: bool) -> Iterator[tuple[list[Scheduled], list[int]]]:
    """Open database and HTTP client, yield scheduled work and exit codes.

    With several providers, one without a token only adds an exit code and stops no other.
    """
    app = app.with_files()
    app.note_spared()
    settings, database = app.loaded.settings, app.database
    if dry_run:
        database = dry_database(settings, database)
    with wire_http(settings) as http, closing(database):
        yield _wired(app, database, http)


def _wired(app: App, database: Database, http: Http) -> tuple[list[Scheduled], list[int]]:
    works: list[Scheduled] = []
    codes: list[int] = []
    for settings in app.publishing:
        try:
            works.append(wire_scheduled(settings, app.loaded, database, http))
        except SettingsInvalid as error:
            if len(app.each) == 1:
                raise
            note_error(error)
            codes.append(error.exit_code)
    return works, codes


def hint(app: App, result: Pass | Skipped) -> None:
    """Report how a held answer can be accepted, according to the settings."""
    if not isinstance(result, Skipped) and isinstance(result.poll.error, CatalogHeld):
        result.poll.error.hint = _ways_out(app.loaded.settings.hold)


def _ways_out(hold: HoldSettings) -> str:
    return (
        "If it is true, run `catalog sync --accept`; it goes through by itself when "
        f"{hold.polls} polls in a row, at least {_exactly(hold.apart)} apart, lack the same models."
    )


def _exactly(span: timedelta) -> str:
    """Return a span in the largest unit that has a whole number."""
    seconds = span.total_seconds()
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds % size == 0:
            return count(int(seconds // size), unit)
    return f"{seconds:g} seconds"
