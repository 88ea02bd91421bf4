"""Alembic, run by the program itself: the only module that imports it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

import catalog
from catalog.core.errors import StoreError

LOCK = 7_236_951_104
"""Names, on a PostgreSQL server, the lock under which a schema is made: any number of our own."""


@dataclass(frozen=True, slots=True)
class Upgraded:
    """What an upgrade did; `backup` is None where there was nothing to keep, or on a server."""

    before: str
    after: str
    backup: Path | None = None


def folder() -> Path:
    """Return the folder of migrations: inside an installed wheel, else beside the package."""
    package = Path(catalog.__file__).parent
    shipped = package / "_migrations"
    return shipped if shipped.is_dir() else package.parent / "migrations"


def config() -> Config:
    """Return Alembic's configuration; `%` is escaped because it goes through an INI parser."""
    settings = Config()
    settings.set_main_option("script_location", str(folder()).replace("%", "%%"))
    return settings


def upgrade(engine: Engine, revision: str = "head") -> Upgraded | None:
    """Bring a database to a revision in one transaction, foreign keys off while it runs.

    What is in an SQLite file is copied to a file beside it first, within the same transaction:
    nobody writes in between. Return None where the database is new, or was up to date; raise
    StoreError.
    """
    sqlite = engine.dialect.name == "sqlite"
    with engine.connect() as connection:
        if sqlite:
            # Off outside of a transaction, or SQLite ignores it: rebuilding a table with them on
            # would delete the rows that point to it.
            _pragma(connection.connection.driver_connection, "OFF")
        try:
            settings = config()
            settings.attributes["connection"] = connection
            with connection.begin():
                if connection.dialect.name == "postgresql":  # SQLite lets only one in anyway
                    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
                planned = _keep(connection, ScriptDirectory.from_config(settings), revision)
                command.upgrade(settings, revision)
                if sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                    raise StoreError("the upgrade was undone: a row refers to one that is gone")
        finally:
            if sqlite:
                _pragma(connection.connection.driver_connection, "ON")
    return planned


def _keep(connection: Connection, script: ScriptDirectory, revision: str) -> Upgraded | None:
    """Make the backup that goes before an upgrade; return None where there is nothing to do."""
    before = MigrationContext.configure(connection).get_current_revision()
    after = script.get_revision(revision).revision
    if before is None or before == after:
        return None
    file = connection.engine.url.database
    if connection.dialect.name != "sqlite" or file is None:
        return Upgraded(before, after)
    from catalog.store.backup import copy

    # One that is there is of an upgrade that did not end: this database is newer than it.
    place = Path(file).with_name(f"{Path(file).name}.before-{after}")
    copy(Path(file), place)
    return Upgraded(before, after, place)


def _pragma(connection: Any, state: str) -> None:
    connection.execute(f"PRAGMA foreign_keys = {state}")
