"""Run SQLite's integrity check, complete or within a time limit."""

import sqlite3
import time
from pathlib import Path
from typing import Literal

from catalog.store.backup import WAIT, opened

SMALL = 64_000_000
"""The maximum bytes of a file for the short check."""
MOMENT = 0.1
"""Seconds of a short check, about a fifth of `catalog status`."""
_STEPS = 1000
"""The SQLite instructions between two looks at the clock."""

Extent = Literal["all", "part", "none"]
"""The part of a file that a short check covered."""


def check_pages(connection: sqlite3.Connection) -> None:
    """Check every page and reference, or raise sqlite3.Error."""
    (result,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if result != "ok":
        raise sqlite3.DatabaseError(result)
    lost = connection.execute("PRAGMA foreign_key_check").fetchone()
    if lost is not None:
        raise sqlite3.DatabaseError(
            f"row {lost[1]} of {lost[0]} refers to a {lost[2]} that is gone"
        )


def glance(file: Path, moment: float = MOMENT, *, wait: float = WAIT) -> tuple[Extent, str | None]:
    """Check a file for `moment` seconds. Return the extent and any damage.

    `wait` is the time in seconds to wait for a writing process.
    """
    if file.stat().st_size > SMALL:
        return "none", None
    end = time.monotonic() + moment
    try:
        with opened(file, wait=wait) as connection:
            connection.set_progress_handler(lambda: time.monotonic() > end, _STEPS)
            check_pages(connection)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
            return "part", None
        return "none", None  # locked, so the next read waits
    except sqlite3.DatabaseError as error:
        return "all", str(error)
    return "all", None
