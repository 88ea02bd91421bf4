"""Alembic, run by the program itself: the only module that imports it."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine

import catalog
from catalog.errors import StoreError


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


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring a database to a revision in one transaction, foreign keys off while it runs."""
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
                command.upgrade(settings, revision)
                if sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                    raise StoreError("the upgrade was undone: a row refers to one that is gone")
        finally:
            if sqlite:
                _pragma(connection.connection.driver_connection, "ON")


def _pragma(connection: object, state: str) -> None:
    connection.execute(f"PRAGMA foreign_keys = {state}")  # type: ignore[attr-defined]  # sqlite3's
