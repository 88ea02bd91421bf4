"""Configure SQLite connections, with the standard library alone."""

import sqlite3
from collections.abc import Callable, Mapping
from typing import Any

Execute = Callable[[str, Mapping[str, Any]], Any]
"""A function that runs SQL with named parameters and returns a cursor."""
BUSY_TIMEOUT = 30.0
"""Seconds to wait for another writer. An import takes about one second."""
REVISIONS = (
    *("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009", "0010", "0011"),
    *("0012", "0013", "0014", "0015"),
)
"""The revisions in migrations/versions, oldest first. A test compares them."""
# The journal mode stays the default, because WAL files of another user would block the owner. The
# default has one file, which other users can read, even in a read-only folder.
PRAGMAS = (
    "synchronous = FULL",  # because reported data must survive a power cut
    "foreign_keys = ON",
)


def held(place: object) -> str:
    """Return the words for the database that a process waits for."""
    return f"the database {place}, which another process may have locked"


def prepare(connection: sqlite3.Connection) -> None:
    """Disable the driver's transactions, because they lose concurrent updates."""
    connection.isolation_level = None
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
