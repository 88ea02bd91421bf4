"""Link names in generated text to the place that explains them."""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import get_args

import click
from pydantic import BaseModel

from catalog.changes.rules import rules
from catalog.check.notice import CHECK_RULES
from catalog.cli.main import cli
from catalog.config.channels import AnyChannel
from catalog.config.providers import ListSettings, ProviderSettings
from catalog.config.settings import Settings
from catalog.config.sources import plain_settings
from tests.support.reference.errors import kinds

_CODE = re.compile(r"(?<!\[)`([^`]+)`(?!\])")


def anchor(heading: str) -> str:
    """Return the anchor of a heading, as GitHub does."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def linked(text: str, page: str) -> str:
    """Link each known name in backticks.

    A name on its own page is no link.
    """

    def link(found: re.Match[str]) -> str:
        place = places().get(found[1])
        if place is None:
            return found[0]
        name, heading = place
        where = "" if name == page else name
        return f"[{found[0]}]({where}#{anchor(heading)})"

    return _CODE.sub(link, text)


@cache
def places() -> Mapping[str, tuple[str, str]]:
    """Return page and heading of every command, setting, rule and error."""
    found: dict[str, tuple[str, str]] = {name: ("commands.md", name) for name, _ in commands(cli)}
    found |= {name: ("configuration.md", name) for name in settings()}
    found |= {name: ("check.md", name) for name in CHECK_RULES}
    found |= {name: ("rules.md", name) for name in rules()}
    found |= {kind.__name__: ("errors.md", kind.__name__) for kind in kinds()}
    return found


def commands(group: click.Group, name: str = "catalog") -> list[tuple[str, click.Command]]:
    """Return every command by its full name.

    A group counts if it does something without a subcommand.
    """
    context, found = click.Context(group), list[tuple[str, click.Command]]()
    for word in group.list_commands(context):
        _, command, _ = group.resolve_command(context, [word])
        assert command is not None
        if not isinstance(command, click.Group) or command.invoke_without_command:
            found.append((f"{name} {word}", command))
        if isinstance(command, click.Group):
            found += commands(command, f"{name} {word}")
    return found


def settings() -> list[str]:
    """Return every setting by the name in its heading."""
    names: Callable[[type[BaseModel]], list[str]] = lambda model: [*model.model_fields]  # noqa: E731
    of_channels = {name: None for kind in get_args(AnyChannel) for name in names(kind)}
    of_providers = [name for name in names(ProviderSettings) if name != "list"]
    return [
        *plain_settings(Settings),
        "rules.ID",
        *(f"channel.N.{name}" for name in of_channels),
        *(f"provider.N.{name}" for name in of_providers),
        *(f"provider.N.list.{name}" for name in names(ListSettings)),
    ]
