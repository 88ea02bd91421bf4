"""What every command shares: the options before its name, and what is wired from them."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from catalog.config.load import Loaded
    from catalog.store.database import Database


@dataclass
class App:
    """The options before the command's name. Settings are read when a command asks for them."""

    config: Path | None = None
    database_url: str | None = None
    verbosity: int = 0
    log_format: str = "text"

    @cached_property
    def loaded(self) -> "Loaded":
        """The settings and where they came from; raise SettingsInvalid."""
        from catalog.config.load import load

        given = {"database": self.database_url} if self.database_url else {}
        return load(self.config, given)

    @cached_property
    def database(self) -> "Database":
        """The database, not opened yet."""
        from catalog.store.database import Database

        return Database(self.loaded.settings.database)


pass_app = click.make_pass_decorator(App)
