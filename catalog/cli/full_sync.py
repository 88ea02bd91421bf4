"""Prepare a full pass of `catalog sync`.

This module is loaded only if the fast path is not enough.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager

from catalog.api.sync import dry_database
from catalog.cli.app import App
from catalog.cli.output import note_error
from catalog.config.build import wire_http, wire_scheduled
from catalog.core.errors import SettingsInvalid
from catalog.core.http.client import Http
from catalog.daemon.scheduled import Scheduled
from catalog.store.database import Database


@contextmanager
def opened(app: App, *, dry_run: bool) -> Iterator[tuple[list[Scheduled], list[int]]]:
    """Open database and HTTP client, yield scheduled work and exit codes.

    With several providers, one without a token only adds an exit code, and the others run.
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
