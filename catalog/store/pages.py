"""SQLite's own check of a database file: whole, or for a moment only."""

import sqlite3
import time
from collections import deque
from pathlib import Path
from random import SystemRandom
from typing import Literal

from catalog.store.backup import TABLES, WAIT, opened

SMALL = 64_000_000
"""Bytes; of a larger file only a sample is read, because SQLite's check of all pages of a table can
be stopped only at its end."""
MOMENT = 0.1
"""Seconds of a short check: then `catalog status` takes a fifth longer at most."""
_STEPS = 1000
"""SQLite looks at the clock after so many steps of its machine."""

_ROWS = 20
"""Rows that are read at one place of a table."""
_RANDOM = SystemRandom()

Extent = Literal["all", "part", "none"]
"""How much of a file a short check saw."""


def check_pages(connection: sqlite3.Connection) -> None:
    """Let SQLite check every page and reference; raise sqlite3.Error."""
    (said,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if said != "ok":
        raise sqlite3.DatabaseError(said)
    lost = connection.execute("PRAGMA foreign_key_check").fetchone()
    if lost is not None:
        raise sqlite3.DatabaseError(
            f"row {lost[1]} of {lost[0]} refers to a {lost[2]} that is gone"
        )


def glance(file: Path, moment: float = MOMENT, *, wait: float = WAIT) -> tuple[Extent, str | None]:
    """Check a file for a moment; return how much of it, and the damage if any.

    Of a large file, rows from random places are read. `moment` is in seconds, and so is `wait`, for
    a process that writes.
    """
    end = time.monotonic() + moment
    extent: Extent = "part" if file.stat().st_size > SMALL else "all"
    try:
        with opened(file, wait=wait) as connection:
            connection.set_progress_handler(lambda: time.monotonic() > end, _STEPS)
            if extent == "all":
                check_pages(connection)
            else:
                _sample(connection, end)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
            return "part", None
        return "none", None  # it is held: what is read of it next waits
    except sqlite3.DatabaseError as error:
        return extent, str(error)
    return extent, None


def _sample(connection: sqlite3.Connection, end: float) -> None:
    """Read whole rows from random places until the time is over; raise sqlite3.Error."""
    names = [name for (name,) in connection.execute(TABLES)]
    while time.monotonic() < end:
        name = _RANDOM.choice(names)
        last = connection.execute(f'SELECT max(rowid) FROM "{name}"').fetchone()[0] or 0  # noqa: S608  # a name that the database gave
        query = f'SELECT * FROM "{name}" WHERE rowid >= ? LIMIT {_ROWS}'  # noqa: S608  # the same
        deque(connection.execute(query, (_RANDOM.randint(0, last),)), maxlen=0)
