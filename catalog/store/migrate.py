"""Run Alembic within the program. No other module imports it."""

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

import catalog
from catalog.core.errors import StoreError
from catalog.store.database import Upgraded
from catalog.store.text_values import DAMAGED

LOCK = 7_236_951_104
"""The PostgreSQL advisory lock of schema changes, an arbitrary number."""


def folder() -> Path:
    """Return the migrations folder, in the wheel or beside the package."""
    package = Path(catalog.__file__).parent
    shipped = package / "_migrations"
    return shipped if shipped.is_dir() else package.parent / "migrations"


def config() -> Config:
    """Return Alembic's configuration, with `%` escaped for its INI parser."""
    settings = Config()
    settings.set_main_option("script_location", str(folder()).replace("%", "%%"))
    return settings


def upgrade(engine: Engine, revision: str = "head") -> Upgraded | None:
    """Upgrade a database in one transaction without foreign key checks.

    An SQLite file is first copied into the same folder, within the transaction, so that no write is
    lost.
    Return None for a new or current database. Raise StoreError.
    """
    sqlite = engine.dialect.name == "sqlite"
    with engine.connect() as connection:
        if sqlite:
            # This is outside of a transaction, because SQLite ignores it inside. With foreign keys,
            # rebuilding a table would delete the rows that refer to it.
            _pragma(connection.connection.driver_connection, "OFF")
        try:
            settings = config()
            settings.attributes["connection"] = connection
            with connection.begin():
                if connection.dialect.name == "postgresql":  # not SQLite, because it has one writer
                    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
                planned = _keep(connection, ScriptDirectory.from_config(settings), revision)
                command.upgrade(settings, revision)
                if sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                    lost = "the upgrade was rolled back: a row refers to a missing one"
                    raise StoreError(lost, hint=DAMAGED)
        finally:
            if sqlite:
                _pragma(connection.connection.driver_connection, "ON")
    return planned


def _keep(connection: Connection, script: ScriptDirectory, revision: str) -> Upgraded | None:
    before = MigrationContext.configure(connection).get_current_revision()
    after = script.get_revision(revision).revision
    if before is None or before == after:
        return None
    file = connection.engine.url.database
    if connection.dialect.name != "sqlite" or file is None:
        return Upgraded(before, after)
    from catalog.store.backup import copy

    # An existing backup is replaced, because its upgrade failed and this database is newer.
    place = Path(file).with_name(f"{Path(file).name}.before-{after}")
    copy(Path(file), place)
    return Upgraded(before, after, place)


def _pragma(connection: Any, state: str) -> None:
    connection.execute(f"PRAGMA foreign_keys = {state}")
