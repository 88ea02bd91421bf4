"""What every command shares: the options before its name, and what is wired from them."""

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from catalog.config.load import Loaded
    from catalog.store.database import Database


@dataclass
class App:
    """The options before the command's name. Settings are read when a command asks for them.

    `files` says whether the files with secrets are read too: a command that only reads the store
    works without them.
    """

    config: Path | None = None
    database_url: str | None = None
    verbosity: int = 0
    log_format: str = "text"
    files: bool = False

    def with_files(self) -> "App":
        """Return the same for a command that asks or tells; its settings are read anew."""
        return replace(self, files=True)

    @cached_property
    def loaded(self) -> "Loaded":
        """The settings and where they came from; raise SettingsInvalid."""
        from catalog.config.load import load

        given = {"database": self.database_url} if self.database_url else {}
        return load(self.config, given, files=self.files)

    @cached_property
    def database(self) -> "Database":
        """The database, not opened yet."""
        from catalog.store.database import Database

        return Database(self.loaded.settings.database)


pass_app = click.make_pass_decorator(App)
