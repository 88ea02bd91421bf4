"""Suggest a known word for an unknown command, option or value."""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

import click

from catalog.cli.program import typed

OTHER_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "channels": "alerts",
        "daemon": "serve",
        "fetch": "sync",
        "history": "changes",
        "list": "models",
        "log": "changes",
        "ls": "models",
        "messages": "alerts",
        "poll": "sync",
        "providers": "provider",
        "run": "sync",
        "start": "serve",
        "update": "sync",
        "version": "--version",
    }
)
"""Words of other programs, and the same commands of this program."""
FORMATS: Final = frozenset({"table", "text", "json", "csv", "markdown"})
LISTS: Final = frozenset({"list", "ls"})


class Choices(click.Choice[str]):
    """One of some words. A similar word is suggested."""

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:
        """Return the message for another word."""
        wrong = super().get_invalid_choice_message(value, ctx)
        return f"{wrong}{suggestion(str(value), self.choices)}"


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return ` Did you mean X?`, empty without a similar word."""
    near = _near(word, known)
    return f" Did you mean {near!r}?" if near else ""


def _near(word: str, known: Iterable[str]) -> str | None:
    from catalog.core.text import closest  # not for --help

    return closest(word, known, alike=0.6)


def no_such_command(
    name: str, known: Iterable[str], groups: Callable[[], Iterable[click.Group]], ctx: click.Context
) -> click.UsageError:
    """Return the error for an unknown command, with a suggestion.

    The suggestion is a similar command, or the command of this name in a group.
    """
    wrong = f"No such command {name!r}."
    if name in OTHER_NAMES:
        return click.UsageError(typed(f"{wrong} Did you mean `catalog {OTHER_NAMES[name]}`?"), ctx)
    owner = next((each.name for each in groups() if name in each.commands), None)
    if owner is not None:
        return click.UsageError(typed(f"{wrong} Did you mean `catalog {owner} {name}`?"), ctx)
    return click.UsageError(f"{wrong}{suggestion(name, known)}", ctx)


def explained(
    error: click.ClickException, before: Iterable[str]
) -> tuple[click.ClickException, str | None]:
    """Return an error of the command line and a hint.

    `before` are the options that go before the command.
    """
    if isinstance(error, click.NoSuchOption):
        return _option(error, before)
    text, ctx = error.message, getattr(error, "ctx", None)
    if ctx is not None and "unexpected extra argument" in text and LISTS & set(_extra(text)):
        return error, f"`{ctx.command_path}` lists them; leave the last word out."
    return error, None


def _extra(text: str) -> list[str]:
    return text.partition("(")[2].rstrip(")").split()


def _option(
    error: click.NoSuchOption, before: Iterable[str]
) -> tuple[click.ClickException, str | None]:
    name, ctx = error.option_name, error.ctx
    plain = click.NoSuchOption(name, ctx=ctx)  # because a hint is better than a similar name
    if name in before:
        return plain, f"{name} goes before the command, right after `catalog`."
    if ctx is None:
        raise AssertionError("unreachable: click gives it")
    form = _near(name.lstrip("-"), [each for of in ctx.command.params for each in _formats(of)])
    if form is not None:
        return plain, f"write `{ctx.command_path} --format {form}`."
    form = name.lstrip("-")
    if ctx.parent is None and (form in FORMATS or not error.possibilities):
        example = f"--format {form}" if form in FORMATS else name
        return plain, f"options of a command go after it: `catalog COMMAND {example}`."
    return error, None


def _formats(param: click.Parameter) -> Iterable[str]:
    kind = param.type if "--format" in param.opts else None
    return kind.choices if isinstance(kind, click.Choice) else ()
