"""The polls of a database file, also those that are folded into others, by plain SQL."""

import re
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

from catalog.core.clock import stamp
from catalog.store.folding import unfold


def polls(file: Path) -> list[tuple[str, str]]:
    """Return when each poll began and how it ended, the oldest first."""
    with closing(sqlite3.connect(file)) as database:
        rows = database.execute("SELECT id, started_at, outcome, earlier FROM poll ORDER BY id")
        return [poll for row in rows for poll in (*_folded(*row), row[1:3])]


def outcomes(file: Path) -> list[str]:
    """Return how the polls ended, the oldest first."""
    return [outcome for _, outcome in polls(file)]


def untime(database: sqlite3.Connection) -> None:
    """Let every poll have taken no time: what is stored is the same on all machines then."""
    database.create_function("untimed", 1, _untimed)
    database.execute("UPDATE poll SET duration_ms = 0, earlier = untimed(earlier)")
    database.execute("DELETE FROM tally WHERE name = 'poll'")  # it is over the times too


def _folded(number: int, began: str, outcome: str, earlier: str | None) -> list[tuple[str, str]]:
    folded = unfold(number, datetime.fromisoformat(began), earlier)
    return [(stamp(each.started_at), outcome) for each in folded][::-1]


def _untimed(earlier: str | None) -> str | None:
    return None if earlier is None else re.sub(r"(-?\d+):\d+", r"\1:0", earlier)
