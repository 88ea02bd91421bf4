"""What every command shares: the options before its name, and what is wired from them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import click

from catalog.cli.lazy_types import Database, Loaded, Settings, Transaction


@dataclass
class App:
    """The options before the command's name. Settings are read when a command asks for them.

    `files` says whether the files with secrets are read too: a command that only reads the store
    works without them. `provider` is the one that the command is about, None for all of them.
    `here` says whether a configuration that is only found in the working folder counts.
    """

    config: Path | None = None
    database_url: str | None = None
    verbosity: int = 0
    log_format: str = "text"
    files: bool = False
    provider: str | None = None
    here: bool = True

    def with_files(self) -> "App":
        """Return the same for a command that asks or tells; its settings are read anew."""
        return replace(self, files=True)

    @cached_property
    def loaded(self) -> Loaded:
        """The settings and where they came from; raise SettingsInvalid."""
        from catalog.config.load import load

        given = {"database": self.database_url} if self.database_url else {}
        return load(self.config, given, files=self.files, here=self.here)

    @cached_property
    def each(self) -> tuple[Settings, ...]:
        """The settings for each provider that the command is about; raise UsageError for none."""
        settings = self.loaded.settings
        if self.provider is None:
            return settings.each
        named = tuple(each for each in settings.each if each.one.name == self.provider)
        if not named:
            known = ", ".join(each.one.name for each in settings.each)
            raise click.UsageError(f"there is no provider {self.provider!r}; there are: {known}.")
        return named

    @property
    def one(self) -> Settings:
        """The settings for the one provider that the command is about; raise UsageError."""
        if len(self.each) > 1:
            known = ", ".join(each.one.name for each in self.each)
            raise click.UsageError(f"several providers are configured: add --provider: {known}.")
        return self.each[0]

    @cached_property
    def database(self) -> Database:
        """The database, not opened yet."""
        from catalog.store.database import Database

        return Database(self.loaded.settings.database)

    @contextmanager
    def changing(self) -> Iterator[Transaction]:
        """Begin a writing transaction; raise StoreError where there is no database."""
        with self.database.reading():
            pass  # because writing would make a database
        with self.database.writing() as connection:
            yield connection


pass_app = click.make_pass_decorator(App)


def _remember(context: click.Context, _option: click.Parameter, name: str | None) -> None:
    if name is not None:
        context.ensure_object(App).provider = name


def provider_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Let a command take --provider."""
    help_ = "Only this provider; else all that are configured."
    option = click.option(
        "--provider", metavar="NAME", expose_value=False, callback=_remember, help=help_
    )
    return option(command)
