"""Run SQLite's integrity check, complete or within a time limit."""

import sqlite3
import time
from collections import deque
from pathlib import Path
from random import SystemRandom
from typing import Literal

from catalog.store.backup import TABLES, WAIT, opened

SMALL = 64_000_000
"""The maximum bytes of a file that is checked completely. Of a larger file only a sample is read,
because SQLite cannot stop its check within a table."""
MOMENT = 0.1
"""Seconds of a short check, about a fifth of the time of `catalog status`."""
_STEPS = 1000
"""The number of SQLite instructions between two checks of the time."""

_ROWS = 20
"""The number of rows that are read at one place of a table."""
_RANDOM = SystemRandom()

Extent = Literal["all", "part", "none"]
"""The part of a file that a short check covered."""


def check_pages(connection: sqlite3.Connection, file: Path) -> None:
    """Check every page and reference of a file, or raise sqlite3.Error."""
    connection.execute("SELECT count(*) FROM sqlite_master").fetchone()  # takes the read lock
    damage = cut(file, *connection.execute(PAGE_SIZE).fetchone())
    if damage is not None:
        raise sqlite3.DatabaseError(damage)
    (result,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if result != "ok":
        raise sqlite3.DatabaseError(result)
    lost = connection.execute("PRAGMA foreign_key_check").fetchone()
    if lost is not None:
        raise sqlite3.DatabaseError(f"row {lost[1]} of {lost[0]} refers to a missing {lost[2]}")


PAGE_SIZE = "PRAGMA page_size"


def cut(file: Path, page: int) -> str | None:
    """Return how many bytes the last page lacks, or None.

    SQLite reads zeros in their place, so an empty last page hides the cut. Hold a read lock
    meanwhile, because a writer may extend the file.
    """
    lacking = -file.stat().st_size % page
    return f"malformed: its last {lacking:,} bytes are missing" if lacking else None


def glance(file: Path, moment: float = MOMENT, *, wait: float = WAIT) -> tuple[Extent, str | None]:
    """Check a file for `moment` seconds. Return the extent and any damage.

    Of a large file, rows from random places are read. `wait` is the maximum seconds to
    wait for a process that writes.
    """
    end = time.monotonic() + moment
    extent: Extent = "part" if file.stat().st_size > SMALL else "all"
    try:
        with opened(file, wait=wait) as connection:
            connection.set_progress_handler(lambda: time.monotonic() > end, _STEPS)
            if extent == "all":
                check_pages(connection, file)
            else:
                _sample(connection, end)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
            return "part", None
        return "none", None  # locked, so the next read waits
    except sqlite3.DatabaseError as error:
        return extent, str(error)
    return extent, None


def _sample(connection: sqlite3.Connection, end: float) -> None:
    """Read rows from random places for a time, or raise sqlite3.Error."""
    names = [name for (name,) in connection.execute(TABLES)]
    while time.monotonic() < end:
        name = _RANDOM.choice(names)
        last = connection.execute(f'SELECT max(rowid) FROM "{name}"').fetchone()[0] or 0  # noqa: S608  # a name that the database gave
        query = f'SELECT * FROM "{name}" WHERE rowid >= ? LIMIT {_ROWS}'  # noqa: S608  # the same
        deque(connection.execute(query, (_RANDOM.randint(0, last),)), maxlen=0)
