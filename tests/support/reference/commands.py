"""Describe the commands from click."""

import re
from collections.abc import Sequence

import click

from catalog.cli.main import cli
from catalog.replay.faults import FAULTS
from tests.support.reference.links import commands
from tests.support.reference.text import unwrapped


def described() -> dict[str, str]:
    """Return the sections by region name, such as `command catalog sync`."""
    found = {f"command {name}": _section(name, command) for name, command in commands(cli)}
    return found | {"options": _table(cli, cli.params, helped=True), "faults": _faults()}


def _section(name: str, command: click.Command) -> str:
    context = click.Context(command, info_name=name)
    usage = " ".join([name, *command.collect_usage_pieces(context)])
    parts = [f"## {name}", unwrapped(command.help), f"```text\n{usage}\n```"]
    options = [each for each in command.params if isinstance(each, click.Option)]
    if options:
        parts.append(_table(command, options))
    return "\n\n".join(parts)


def _table(
    command: click.Command, options: Sequence[click.Parameter], *, helped: bool = False
) -> str:
    context = click.Context(command)
    rows = ["| option | does |", "| --- | --- |"]
    for option in options:
        assert isinstance(option, click.Option)
        rows.append(f"| {_names(option, context)} | {_help(option, context)} |")
    if helped:
        rows.append("| `-h`, `--help` | Show help. Every command has it. |")
    return "\n".join(rows)


def _names(option: click.Option, context: click.Context) -> str:
    values = ""
    if isinstance(option.type, click.Choice):
        choices = [f"`{choice}`" for choice in map(str, option.type.choices)]
        values = " " + ", ".join(choices)
    elif not (option.is_flag or option.count):
        metavar = option.make_metavar(context).replace("|", r"\|")
        values = f" `{re.sub(r'INTEGER( RANGE)?', 'N', metavar)}`"
    return ", ".join(f"`{name}`" for name in option.opts) + values


def _help(option: click.Option, context: click.Context) -> str:
    text = " ".join((option.help or "").split()).replace("|", r"\|")
    default = option.get_default(context)
    if option.show_default and default is not None and not isinstance(default, bool):
        text += f" Default: `{default}`."
    repeats = option.multiple and "repeat" not in text
    return text + (" Can be given several times." if repeats else "")


def _faults() -> str:
    rows = ["| kind | what is served | outcome of a poll |", "| --- | --- | --- |"]
    rows += [f"| `{each.kind}` | {each.does} | `{each.outcome}` |" for each in FAULTS.values()]
    return "\n".join(rows)
