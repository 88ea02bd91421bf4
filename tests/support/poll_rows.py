"""The polls of a database file, by plain SQL."""

import sqlite3
from contextlib import closing
from pathlib import Path


def polls(file: Path) -> list[tuple[str, str]]:
    """Return when each poll began and how it ended, the oldest first."""
    with closing(sqlite3.connect(file)) as database:
        return database.execute("SELECT started_at, outcome FROM poll ORDER BY id").fetchall()


def outcomes(file: Path) -> list[str]:
    """Return how the polls ended, the oldest first."""
    return [outcome for _, outcome in polls(file)]


def untime(database: sqlite3.Connection) -> None:
    """Let every poll have taken no time: what is stored is the same on all machines then."""
    database.execute("UPDATE poll SET duration_ms = 0")
    database.execute("DELETE FROM tally WHERE name = 'poll'")  # it is over the times too
