"""Databases: made up to date, written into by polls, and asked with plain SQL."""

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
    """Ask with plain SQL."""
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
