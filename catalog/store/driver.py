"""How an SQLite file is opened, by the engine and without it. The standard library alone."""

import sqlite3
from collections.abc import Callable, Mapping
from typing import Any

Execute = Callable[[str, Mapping[str, Any]], Any]
"""Runs SQL with named parameters, on the engine or on the driver; gives a cursor."""
BUSY_TIMEOUT = 30.0
"""Seconds to wait for another process that writes: a pass for milliseconds, an import for one."""
REVISIONS = (
    *("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009", "0010", "0011"),
    *("0012", "0013", "0014"),
)
"""Every revision in migrations/versions, oldest first; a test holds it to the folder."""
# The journal mode stays SQLite's own: one file that another user or a read-only folder can read.
# WAL leaves files beside it that stop the owner where somebody else opened it first.
PRAGMAS = (
    "synchronous = FULL",  # what was told must have been kept, also over a power cut
    "foreign_keys = ON",
)


def prepare(connection: sqlite3.Connection) -> None:
    """Leave transactions to us: the driver's own lose concurrent updates."""
    connection.isolation_level = None
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
