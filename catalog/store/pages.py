"""SQLite's own check of a database file: whole, or for a moment only."""

import sqlite3
import time
from pathlib import Path
from typing import Literal

from catalog.store.backup import WAIT, opened

SMALL = 64_000_000
"""Bytes from which on a file is not looked at for a moment: to read it takes too long."""
MOMENT = 0.1
"""Seconds of a short check: then `catalog status` takes a fifth longer at most."""
_STEPS = 1000
"""SQLite looks at the clock after so many steps of its machine."""

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

    `moment` is in seconds, and so is `wait`, for a process that writes.
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
        return "none", None  # it is held: what is read of it next waits
    except sqlite3.DatabaseError as error:
        return "all", str(error)
    return "all", None
