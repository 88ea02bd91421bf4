"""The command `catalog`: parse, run, print, exit code."""

import os
import sys
from io import TextIOWrapper
from pathlib import Path
from typing import cast

import click

from catalog import __version__
from catalog.cli import (
    alerts,
    changes,
    check,
    config,
    db,
    demo,
    doctor,
    document,
    explain,
    forecast,
    history,
    importing,
    matrix,
    models,
    notes,
    payloads,
    probe,
    provider,
    replay,
    serve,
    status,
    sync,
    tune,
)
from catalog.cli.app import App
from catalog.cli.output import note, note_error, silence
from catalog.errors import CatalogError, StoreError

INTERRUPTED = 130
USAGE = 2


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 done, 1 a check found something, 2 usage or configuration, 3 provider "
    "not read, 4 answer invalid, 5 answer held, 6 database or file not read or written.",
)
@click.option("--config", type=click.Path(path_type=Path), help="The configuration file.")
@click.option("--database", metavar="URL", help="An SQLAlchemy URL, or the path of an SQLite file.")
@click.option("-v", "--verbose", count=True, help="Log more; twice for every request.")
@click.option("-q", "--quiet", is_flag=True, help="Log errors only.")
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    help="How log lines look on stderr.",
)
@click.version_option(__version__, prog_name="catalog")
@click.pass_context
def cli(
    context: click.Context,
    config: Path | None,
    database: str | None,
    verbose: int,
    quiet: bool,
    log_format: str,
) -> None:
    """Know what a provider's model catalog says, what changed, and whether it is true."""
    from catalog.cli.logs import start_logging

    verbosity = -1 if quiet else verbose
    start_logging(verbosity, log_format)
    context.obj = App(config, database, verbosity, log_format)


for _command in (
    *(sync.sync, serve.serve, models.models, models.show, changes.changes, changes.diff),
    *(explain.explain, tune.tune, forecast.forecast, notes.note_, notes.notes),
    *(history.snapshots, history.polls, document.render),
    *(payloads.validate, importing.import_, replay.replay, demo.demo, config.config),
    *(check.check, probe.probe, matrix.matrix, status.status, doctor.doctor, alerts.alerts, db.db),
    provider.provider,
):
    cli.add_command(_command)


def main() -> None:
    """Run the command line; no traceback for what a user can cause."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            # Closed by who started us: else the next file opened would take its number.
            setattr(sys, name, Path(os.devnull).open(mode))  # noqa: SIM115  # open while we run
    for stream in (sys.stdout, sys.stderr):
        # A model's name must not end a run on a terminal that cannot show it.
        cast("TextIOWrapper", stream).reconfigure(errors="backslashreplace")
    sys.exit(_run())


def _run() -> int:
    try:
        result = cli.main(standalone_mode=False)
    except CatalogError as error:
        note_error(error)
        return error.exit_code
    except click.exceptions.Abort:
        return INTERRUPTED
    except click.ClickException as error:
        error.show()
        _point_back(error)
        return USAGE
    except OSError as error:
        silence(sys.stdout)  # what is left in its buffer would fail once more at the end
        note_error(StoreError(f"a file could not be read or written: {error}"))
        return StoreError.exit_code
    return result if isinstance(result, int) else 0


def _point_back(error: click.ClickException) -> None:
    """Say where an option goes that stands after the command in place of before it."""
    if isinstance(error, click.NoSuchOption):
        name = error.option_name
        if any(name in option.opts for option in cli.params):
            note(f"hint: {name} goes before the command, right after `catalog`.")
