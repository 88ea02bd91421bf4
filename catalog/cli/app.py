"""Define the global options and build the parts that commands share."""

import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import click

from catalog.cli.lazy_types import Database, Loaded, Settings, Transaction
from catalog.cli.mistyped import suggestion
from catalog.cli.output import note
from catalog.core.errors import NotFound, SettingsInvalid, StoreError


@dataclass
class App:
    """The options before the command's name.

    Settings are read when a command needs them. With `files`, secret files are read too. A command
    that only reads the store does not need them. A setting such as `web.token_file` reads only its
    file. `provider` is the provider of the command, None for all. `here` includes the configuration
    in the working folder.
    """

    config: Path | None = None
    database_url: str | None = None
    verbosity: int = 0
    log_format: str = "text"
    files: bool | str = False
    provider: str | None = None
    here: bool = True

    def with_files(self) -> "App":
        """Return a copy that reads secret files, for commands that send requests."""
        return replace(self, files=True)

    @cached_property
    def loaded(self) -> Loaded:
        """Return the settings with their sources, or raise SettingsInvalid."""
        from catalog.config.load import load

        given = {"database": self.database_url} if self.database_url else {}
        return load(self.config, given, files=self.files, here=self.here)

    @cached_property
    def each(self) -> tuple[Settings, ...]:
        """Return the settings per selected provider, or raise UsageError without any."""
        configured = self._all
        if self.provider is None:
            return configured
        named = tuple(each for each in configured if each.one.name == self.provider)
        if not named:
            known = ", ".join(each.one.name for each in configured)

            near = suggestion(self.provider, [each.one.name for each in configured])
            text = f"there is no provider {self.provider!r}; there are: {known}.{near}"
            raise click.UsageError(text)
        return named

    @cached_property
    def _all(self) -> tuple[Settings, ...]:
        """Return the settings of the configured providers, then of the stored ones."""
        settings = self.loaded.settings
        if not settings.database.startswith("postgresql"):
            return settings.each
        from catalog.config.stored import all_settings
        from catalog.store import providers
        from catalog.store.tables import plain

        try:
            with self.database.reading() as connection:
                stored = providers.stored(plain(connection))
        except StoreError:  # reported by the command when it uses the database
            return settings.each
        return all_settings(settings, stored, tokens=self.files is True)

    @cached_property
    def publishing(self) -> tuple[Settings, ...]:
        """Return `each` for commands that also write documents.

        With another database than the configured one, no document is written, because the next
        pass of the configured one would overwrite it.
        """
        if not self.loaded.spares_documents:
            return self.each
        return tuple(_without_document(each) for each in self.each)

    @property
    def one(self) -> Settings:
        """Return the settings of the selected provider.

        Raise UsageError if there are several.
        """
        return _only(self.each)

    def stored(
        self, connection: Transaction, at: datetime | int | None = None
    ) -> tuple[Settings, ...]:
        """Return the providers that had a snapshot, and note the others.

        `at` is a time or a number, None for now. If none had one, return all, so
        that reading them raises NotFound.
        """
        from catalog.store import history

        missing: list[str] = []
        for settings in self.each:
            try:
                history.number_at(connection, settings.one.name, at)
            except NotFound:
                missing.append(settings.one.name)
        if len(missing) == len(self.each):
            return self.each
        if missing:
            then = "yet" if at is None else "at this moment"
            note(f"left out, because no snapshot is stored {then}: {', '.join(missing)}")
        return tuple(settings for settings in self.each if settings.one.name not in missing)

    @property
    def publishing_one(self) -> Settings:
        """Return `one` as in `publishing`."""
        return _only(self.publishing)

    def note_spared(self) -> None:
        """Report that no document is written for another database."""
        written = any(each.document.path for each in self.each)
        if not self.loaded.spares_documents or not written or self.verbosity < 0:
            return

        text = "no document is written, because --database names another database than the"
        url = self.database_url or ""
        given = "…" if "@" in url else shlex.quote(url)  # because a URL may have a password
        command = f"`catalog --database {given} render --output FILE`"
        note(f"{text} configuration\nhint: {command} writes one of this database.")

    @cached_property
    def database(self) -> Database:
        """Return the database, not opened yet."""
        from catalog.store.database import Database

        return Database(self.loaded.settings.database)

    def require_server(self, what: str, hint: str) -> None:
        """Raise SettingsInvalid unless the database is on a PostgreSQL server."""
        if self.database.url.get_backend_name() != "postgresql":
            text = f"{what} needs PostgreSQL, and the database is {self.database.place}"
            raise SettingsInvalid(text, hint=hint)

    @contextmanager
    def changing(self) -> Iterator[Transaction]:
        """Begin a writing transaction, or raise StoreError without a database."""
        with self.database.reading():
            pass  # because writing would create a database
        with self.database.writing() as connection:
            yield connection


pass_app = click.make_pass_decorator(App)


def _only(each: tuple[Settings, ...]) -> Settings:
    if len(each) > 1:
        known = ", ".join(one.one.name for one in each)
        raise click.UsageError(f"several providers are configured: add --provider: {known}.")
    return each[0]


def _without_document(settings: Settings) -> Settings:
    return settings.model_copy(update={"document": settings.document.at(None)})


def _remember(context: click.Context, _option: click.Parameter, name: str | None) -> None:
    if name is not None:
        context.ensure_object(App).provider = name


def provider_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option --provider to a command."""
    help_ = "Only this provider; by default all that are configured."
    option = click.option(
        "--provider", metavar="NAME", expose_value=False, callback=_remember, help=help_
    )
    return option(command)
