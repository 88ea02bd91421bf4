"""Make the engine of SQLAlchemy for a database."""

import sqlite3
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import NoSuchModuleError
from sqlalchemy.pool import NullPool, StaticPool

from catalog.core.errors import SettingsInvalid
from catalog.store.driver import prepare

SUPPORTED = ("sqlite", "postgresql")
INSTEAD = (
    "write the path of an SQLite file, or install model-catalog[postgresql] and write "
    "postgresql+psycopg://USER@HOST/NAME"
)


def is_memory(url: URL) -> bool:
    """Return whether a database is in memory."""
    return url.get_backend_name() == "sqlite" and url.database in {None, "", ":memory:"}


def file_of(url: URL) -> Path | None:
    """Return the SQLite file of a URL, or None."""
    is_file = url.get_backend_name() == "sqlite" and not is_memory(url)
    return Path(str(url.database)) if is_file else None


def make_engine(url: URL, busy_timeout: float, *, writes: bool = True) -> Engine:
    """Make the engine of a database.

    `busy_timeout` is in seconds, and only SQLite uses it.
    Without `writes`, the database itself refuses every change.
    """
    if url.get_backend_name() != "sqlite":
        # No prepared statements, because a pooler such as pgbouncer shares its connections.
        plain = {"prepare_threshold": None} if url.get_driver_name() == "psycopg" else {}
        if writes:
            return create_engine(url, connect_args=plain)
        # One view of all statements, because a page that mixes two polls is wrong.
        readonly = {"postgresql_readonly": True, "isolation_level": "REPEATABLE READ"}
        return create_engine(url, connect_args=plain, execution_options=readonly)
    # The file is opened for each transaction, because it may be replaced.
    pool = StaticPool if is_memory(url) else NullPool
    # Threads may share a connection, because they never use it at the same time.
    arguments = {"timeout": busy_timeout, "check_same_thread": False}
    if writes or is_memory(url):
        engine = create_engine(url, connect_args=arguments, poolclass=pool)
    else:
        read = f"{Path(str(url.database)).absolute().as_uri()}?mode=ro"
        opened = partial(sqlite3.connect, read, uri=True, **arguments)
        engine = create_engine(url, creator=opened, poolclass=pool)
    # We send BEGIN ourselves, because the driver's transactions lose concurrent updates (see
    # pitfalls of pysqlite in SQLAlchemy's documentation).
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: sqlite3.Connection, _record: Any) -> None:
    prepare(connection)


def _begin(connection: Connection) -> None:
    immediate = connection.get_execution_options().get("immediate", True)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def check_driver(url: URL) -> None:
    """Raise SettingsInvalid for a database without a usable driver."""
    backend, driver = url.get_backend_name(), url.drivername
    if backend not in SUPPORTED:
        raise SettingsInvalid(f"{backend} is not supported; {INSTEAD}")
    try:
        dialect = url.get_dialect()
        dialect.import_dbapi()
    except (NoSuchModuleError, ImportError):
        raise SettingsInvalid(f"no driver is installed for {driver}; {INSTEAD}") from None
    if dialect.is_async:
        raise SettingsInvalid(f"{driver} is for asyncio; {INSTEAD}")
