"""`catalog demo`: run without a token on the shipped history over HTTP."""

from dataclasses import replace
from pathlib import Path

import click

from catalog.changes.poll import Outcome
from catalog.cli.app import App, pass_app
from catalog.cli.importing import run_at
from catalog.cli.lazy_types import ReplayServer, Sync
from catalog.cli.output import say
from catalog.cli.program import program, with_config
from catalog.cli.results import print_pass, status
from catalog.config.sources import LARGEST
from catalog.core.clock import stamp
from catalog.core.errors import SettingsInvalid, StoreError
from catalog.core.files import read_bytes
from catalog.providers.recordings import find, shipped

DATABASE, DOCUMENT = "catalog.db", "models.md"
SIGN = "# Made by `catalog demo`"
CONFIGURATION = f"""\
{SIGN}: with --config and this file, every command works on what it recorded.
database = "sqlite:///{DATABASE}"

[document]
path = "{DOCUMENT}"
"""
LEFT_OVER = (DATABASE, f"{DATABASE}-journal")


@click.command()
@click.argument("directory", type=click.Path(path_type=Path), default="demo")
@pass_app
def demo(app: App, directory: Path) -> int:
    """Show nine months of a real catalog, without a token.

    The shipped history is served on this machine, and polled like the live route into DIRECTORY
    (./demo). Each run replaces the demo's database.
    """
    from catalog.config.build import wire_http, wire_sync
    from catalog.config.load import load
    from catalog.replay.server import ReplayServer
    from catalog.store.database import Database

    _refuse_passed_over(app)
    configuration = _prepare(directory)
    with ReplayServer(find(shipped()), step="manual") as server:
        given = {
            "database": str((directory / DATABASE).absolute()),
            "document.path": str((directory / DOCUMENT).absolute()),
            "infomaniak.url": server.url,
            "infomaniak.token": "no-token-needed",
        }
        settings = load(configuration, given, environ={}).settings
        database = Database(settings.database)
        with wire_http(settings) as http:
            sync = wire_sync(settings, database, http)
            # No reminders, because the recordings are months apart.
            code = _watch(server, replace(sync, policy=replace(sync.policy, remind=())))
        database.close()
    if code == 0:
        say("\nNow look around:", bold=True)
        for command in ("changes", "models --at 2025-12-23", "show qwen3", "diff 2 3"):
            say(f"  {with_config(configuration)} {command}")
        say(f"In a browser: {with_config(configuration)} web")
        say(f"The document is {directory / DOCUMENT}.")
        say(f"To poll the live route, with a token: INFOMANIAK_API_TOKEN=… {program()} sync")
    return code


def _refuse_passed_over(app: App) -> None:
    """Raise UsageError for options that the demo would ignore."""
    for option, value in (("--config", app.config), ("--database", app.database_url)):
        if value is not None:
            text = f"{option} does not go with demo: it makes a database and a configuration of "
            raise click.UsageError(f"{text}its own. To choose the place: catalog demo DIRECTORY.")


def _prepare(directory: Path) -> Path:
    configuration = directory / "catalog.toml"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        _refuse_others(directory, configuration)
        for name in LEFT_OVER:
            (directory / name).unlink(missing_ok=True)
        if not configuration.exists():
            configuration.write_text(CONFIGURATION, encoding="utf-8")
    except OSError as error:
        raise StoreError(f"cannot prepare {directory}: {error.strerror}") from None
    return configuration


def _refuse_others(directory: Path, configuration: Path) -> None:
    """Raise SettingsInvalid if the demo would overwrite files of the user."""
    if configuration.exists() and SIGN.encode() in read_bytes(configuration, LARGEST):
        return
    for name in (configuration.name, DATABASE, DOCUMENT):
        if (directory / name).exists():
            text = f"{directory / name} was not made by the demo, which replaces its own files"
            hint = "Name a directory of its own: catalog demo DIRECTORY"
            raise SettingsInvalid(text, hint=hint)


def _watch(server: ReplayServer, sync: Sync) -> int:
    """Poll each recorded state at its own time, and accept held ones."""
    while True:
        at = server.current.at
        say(f"The catalog as it was on {stamp(at)}", bold=True)
        result = run_at(sync, at)
        print_pass(result, tell=say)
        if result.poll.outcome is Outcome.HELD:
            say("\nThis change is real, so it is accepted: catalog sync --accept", bold=True)
            result = run_at(sync, at, accept=True)
            print_pass(result, tell=say)
        if status(result) or not server.advance():
            return status(result)
        say()
