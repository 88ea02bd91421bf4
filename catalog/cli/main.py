"""Run the command `catalog`: parse, run, print, exit."""

import codecs
import gc
import os
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path
from typing import cast

import click

from catalog import __version__
from catalog.cli.app import App
from catalog.cli.mistyped import Choices, explained, no_such_command
from catalog.cli.output import note, note_error, silence, spelled
from catalog.core.errors import CatalogError, InternalError, StoreError

INTERRUPTED = 130
USAGE = 2
COLLECT_AFTER = 200_000
"""The number of new objects before a garbage collection. With Python's default of 700, collections
need a twentieth of the time and find nothing, because imports and answers make many objects at once
and few cycles.
"""
COMMANDS: Mapping[str, tuple[str, str]] = {
    "alerts": ("alerts", "List the messages to the channels."),
    "changes": ("changes", "List what changed, oldest first."),
    "check": ("check", "Find uses of models that are gone or about to end."),
    "completion": ("completion", "Print the completion script of a SHELL."),
    "config": ("config", "Show and check the configuration."),
    "db": ("db", "Back up, restore, verify and move the database."),
    "demo": ("demo", "Show nine months of a real catalog, without a token."),
    "diff": ("changes", "Compare two states A and B."),
    "doctor": ("doctor", "Check everything that a poll needs."),
    "explain": ("explain", "Explain one FINDING: its rule, its comparison, its messages."),
    "fleet": ("fleet", "Poll many providers from many machines."),
    "forecast": ("forecast", "List the models that end."),
    "help": ("help", "Show a page of the documentation, or list the topics."),
    "init": ("init", "Make a configuration, and try it."),
    "import": ("importing", "Import recorded answers from DIRECTORY."),
    "matrix": ("matrix", "Show which model answers on which route, and since when."),
    "mcp": ("mcp", "Answer an assistant's questions, until stdin is closed."),
    "models": ("models", "List the models of the catalog."),
    "note": ("notes", "Note the announced end of MODEL."),
    "notes": ("notes", "List all notes, oldest first, and which of them count."),
    "polls": ("history", "List the latest polls and how each ended, newest first."),
    "probe": ("probe", "Call each model at minimum cost, and store the results."),
    "provider": ("provider", "List the providers that are polled."),
    "publish": ("publish", "Poll, and keep history and overview in this Git repository."),
    "render": ("document", "Write the document from the store."),
    "replay": ("replay", "Serve recorded answers on this machine."),
    "serve": ("serve", "Poll by the schedule, until stopped."),
    "show": ("models", "Show everything that is known about one MODEL."),
    "snapshots": ("history", "List the accepted states of the catalog, oldest first."),
    "status": ("status", "Report whether all is well."),
    "sync": ("sync", "Poll the provider once."),
    "tune": ("tune", "Count the alerts that your settings would send."),
    "web": ("web", "Serve pages, feeds, a calendar, metrics and an API, read-only."),
    "validate": ("payloads", "Check the answer of a provider in FILE, or stdin for -."),
}
"""The module of each command, and its line in the overview."""
GROUPS = ("alerts", "config", "db", "fleet", "provider")


class Commands(click.Group):
    """The commands by name. Only the module of one command is loaded."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click gives it
        """Return all names, sorted."""
        return sorted(COMMANDS)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002  # click gives it
        cmd_name: str,
    ) -> click.Command | None:
        """Return the command for overview and completion, None for unknown names."""
        return click.Command(cmd_name, help=COMMANDS[cmd_name][1]) if cmd_name in COMMANDS else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Load the named command, or raise UsageError with a suggestion."""
        word = args[0]
        if word not in COMMANDS and not word.startswith("-") and not ctx.resilient_parsing:
            raise no_such_command(word, COMMANDS, _groups, ctx)
        name, command, rest = super().resolve_command(ctx, args)
        return name, command and load(str(command.name)), rest


def _groups() -> Iterator[click.Group]:
    """Yield the commands that have subcommands."""
    commands = map(load, GROUPS)
    return (each for each in commands if isinstance(each, click.Group))


def load(name: str) -> click.Command:
    """Import the module of a command, and return the command."""
    module = import_module(f"catalog.cli.{COMMANDS[name][0]}")
    return next(
        each
        for each in vars(module).values()
        if isinstance(each, click.Command) and each.name == name
    )


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 done, 1 a check found something, 2 usage or configuration, 3 provider "
    "not read, 4 answer invalid, 5 answer held, 6 database or file not read or written, "
    "70 a bug in this program.",
)
@click.option("--config", type=click.Path(path_type=Path), help="The configuration file.")
@click.option("--database", metavar="URL", help="An SQLAlchemy URL, or the path of an SQLite file.")
@click.option("-v", "--verbose", count=True, help="Log more; twice for every request.")
@click.option("-q", "--quiet", is_flag=True, help="Log errors only.")
@click.option(
    "--log-format",
    type=Choices(["text", "json"]),
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
    """Store each provider's model list, show what changed, and check it."""
    from catalog.cli.logs import start_logging

    verbosity = -1 if quiet else verbose
    start_logging(verbosity, log_format)
    context.obj = App(config, database, verbosity, log_format)


def main() -> None:
    """Run the command line, without a traceback for errors of the user."""
    gc.set_threshold(COLLECT_AFTER, *gc.get_threshold()[1:])
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            # Opened if the parent process closed it, because the next file would get its number.
            setattr(sys, name, Path(os.devnull).open(mode))  # noqa: SIM115  # open while we run
    codecs.register_error("shown", spelled)
    for stream in (sys.stdout, sys.stderr):
        # Escaped, because a terminal may not be able to show a model's name.
        cast("TextIOWrapper", stream).reconfigure(errors="shown")
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
        shown, hint = explained(error, [name for option in cli.params for name in option.opts])
        shown.show()
        if hint is not None:
            note(f"hint: {hint}")
        return USAGE
    except OSError as error:
        silence(sys.stdout)  # because the rest of its buffer would fail again at exit
        note_error(StoreError(f"a file could not be read or written: {error}"))
        return StoreError.exit_code
    except Exception as error:  # noqa: BLE001  # a mistake of ours is no finding of a check
        return _explain(error)
    return result if isinstance(result, int) else 0


def _explain(error: Exception) -> int:
    """Report an error of this program, and return the exit code.

    The traceback is logged at DEBUG.
    """
    import logging

    from catalog.core.unexpected import MISTAKE, log_trace, place

    log_trace(logging.getLogger("catalog"), error)
    note_error(InternalError(f"the command broke off {MISTAKE}: {place(error)}"))
    return InternalError.exit_code
