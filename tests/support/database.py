"""Make databases, fill them by polls, and query them with plain SQL."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from sqlalchemy import text

from catalog.changes.finding import Finding
from catalog.changes.poll import Outcome, Poll
from catalog.core.snapshot import Snapshot
from catalog.store.database import Database
from catalog.store.record import Recipients, record
from tests.support.builders import AT, payload

NAME = "infomaniak"
HOUR = timedelta(hours=1)


def make(path: Path) -> Database:
    """Make an up-to-date database file."""
    database = Database(str(path))
    with database.writing():
        pass
    return database


def ask(database: Database, sql: str) -> list[tuple[object, ...]]:
    """Query with plain SQL."""
    with database.reading() as connection:
        return [tuple(row) for row in connection.execute(text(sql))]


def save(  # noqa: PLR0913  # one parameter for each thing that a test varies
    database: Database,
    at: int,
    state: Snapshot | None = None,
    *findings: Finding,
    outcome: Outcome = Outcome.CHANGED,
    content: bytes | None = None,
    recipients: Recipients | None = None,
    **more: object,
) -> int | None:
    """Record one poll, `at` hours after the start."""
    poll = Poll(NAME, AT + at * HOUR, 5, outcome, payload(content), state, findings)
    for name, value in more.items():
        object.__setattr__(poll, name, value)
    with database.writing() as connection:
        return record(connection, poll, recipients or {})


def polls(file: Path) -> list[tuple[str, str]]:
    """Return the start and the outcome of each poll, the oldest first."""
    with closing(sqlite3.connect(file)) as database:
        return database.execute("SELECT started_at, outcome FROM poll ORDER BY id").fetchall()


def outcomes(file: Path) -> list[str]:
    """Return the outcomes of the polls, the oldest first."""
    return [outcome for _, outcome in polls(file)]


def untime(database: sqlite3.Connection) -> None:
    """Set all durations to 0, so that machines store equal rows."""
    database.execute("UPDATE poll SET duration_ms = 0")
    database.execute("DELETE FROM tally WHERE name = 'poll'")  # it is over the times too
