"""`catalog demo`: the first run without a token, on the shipped history over real HTTP."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from catalog.cli.output import say
from catalog.cli.sync import print_pass, status
from catalog.clock import stamp
from catalog.errors import StoreError

if TYPE_CHECKING:
    from catalog.replay.server import ReplayServer
    from catalog.sync import Sync

CONFIGURATION = """\
# Made by `catalog demo`: catalog --config demo/catalog.toml COMMAND works on what it recorded.
database = "sqlite:///catalog.db"

[document]
path = "models.md"
"""
LEFT_OVER = ("catalog.db", "catalog.db-wal", "catalog.db-shm")


@click.command()
@click.argument("directory", type=click.Path(path_type=Path), default="demo")
def demo(directory: Path) -> int:
    """Show it at work without a token, in DIRECTORY (./demo): nine months of a real catalog.

    The shipped history is served on the loopback and polled as the live route would be. The
    database is made anew each time.
    """
    from catalog.config.load import load
    from catalog.recordings import find, shipped
    from catalog.replay.server import ReplayServer
    from catalog.store.database import Database
    from catalog.wiring import wire_http, wire_sync

    configuration = _prepare(directory)
    with ReplayServer(find(shipped()), step="manual") as server:
        given = {"infomaniak.url": server.url, "infomaniak.token": "demo"}
        settings = load(configuration, given, environ={}).settings
        database = Database(settings.database)
        with wire_http(settings) as http:
            code = _watch(server, wire_sync(settings, database, http))
        database.close()
    say()
    say("Now look around:", bold=True)
    for command in ("changes", "models --at 2025-12-23", "show qwen3", "diff 2 3"):
        say(f"  catalog --config {configuration} {command}")
    say(f"The document is {directory / 'models.md'}.")
    say("With a token, the same on the live route: INFOMANIAK_API_TOKEN=… catalog sync")
    return code


def _prepare(directory: Path) -> Path:
    configuration = directory / "catalog.toml"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name in LEFT_OVER:
            (directory / name).unlink(missing_ok=True)
        if not configuration.exists():
            configuration.write_text(CONFIGURATION, encoding="utf-8")
    except OSError as error:
        raise StoreError(f"cannot prepare {directory}: {error.strerror}") from None
    return configuration


def _watch(server: "ReplayServer", sync: "Sync") -> int:
    """Poll each recorded state at its own time; accept by hand what is held back."""
    while True:
        at = server.current.at
        say(f"The catalog as it was on {stamp(at)}", bold=True)
        pace = replace(sync, clock=lambda at=at: at)  # type: ignore[misc]  # bound now
        result = pace.run()
        print_pass(result)
        if status(result):
            say()
            say("It is true this time, so it is let through: catalog sync --accept", bold=True)
            result = pace.run(accept=True)
            print_pass(result)
        if status(result) or not server.advance():
            return status(result)
        say()
