"""Store the inputs of the next poll, so it skips most work.

The fast path of a provider is one row. It exists while a full pass would only insert a poll: no
message is pending, no removal is unconfirmed, no value is flapping, and the document is written. A
poll on the fast path reads the row, sends the request, and inserts itself if the answer is
unchanged. This module uses the SQLite driver alone, because cron runs would otherwise load
SQLAlchemy. PostgreSQL has no such rows.

The transaction of a poll reserves the row, the end of its pass fills it in, and the first
transaction that writes anything else deletes it (`Database.writing`). So a pass cannot fill in the
row after another process has written.
"""

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import astuple, dataclass, fields
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from catalog.core.clock import stamp
from catalog.core.payload import Validators
from catalog.core.waiting import waiting
from catalog.store import slots
from catalog.store.claims import Present
from catalog.store.driver import REVISIONS, held, prepare
from catalog.store.insert import insert_poll
from catalog.store.text_values import to_moment

if TYPE_CHECKING:
    from catalog.store.database import Transaction

SHORT_TIMEOUT = 2.0
"""Seconds to wait for another writer. This is short, because the full pass waits longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FastRow:
    """The inputs of the next poll of a provider.

    `settings` identifies the settings of the row (see config/identity.py). The row expires at
    `until`, because ends of models are reported by the day. `request` describes the request as JSON
    without secrets. `document_sha256` is the digest of the file at `document`. Both are None
    without a document. The other fields are columns of the current snapshot and its last answer.
    """

    provider: str
    settings: str
    until: str
    snapshot_id: int
    payload_sha256: str
    etag: str | None
    last_modified: str | None
    document: str | None
    document_sha256: str | None
    request: str

    @property
    def validators(self) -> Validators:
        """Return the validators of the last answer."""
        return Validators(self.etag, self.last_modified)


COLUMNS = tuple(each.name for each in fields(FastRow))
_SELECT = f"SELECT {', '.join(COLUMNS)} FROM fast_path WHERE settings = :settings"  # noqa: S608  # our own names
_NEWEST = "SELECT started_at FROM poll WHERE provider = ? ORDER BY id DESC LIMIT 1"


def next_day(moment: datetime) -> str:
    """Return the next midnight, because ends are reported by the day."""
    return stamp(datetime.combine(moment.date(), time(), UTC) + timedelta(days=1))


def reserve(connection: "Transaction", provider: str, run: str | None) -> None:
    """Reserve the row for a run, in its poll's transaction."""
    statement = "INSERT INTO fast_path (provider, run) VALUES (?, ?)"
    connection.exec_driver_sql(statement, (provider, run))


def fill_in(connection: "Transaction", row: FastRow, run: str | None) -> None:
    """Fill in the reserved row, unless another process has written since.

    The write of another process deletes the row.
    """
    sets = ", ".join(f"{name} = ?" for name in COLUMNS)
    query = f"UPDATE fast_path SET {sets} WHERE provider = ? AND run = ?"  # noqa: S608  # our own names
    connection.exec_driver_sql(query, (*astuple(row), row.provider, run))


def read(file: Path, settings: str, now: datetime) -> tuple[FastRow, ...]:
    """Return the rows of these settings that are valid at `now`.

    A row is invalid if it expired or if the clock is before the last poll. Another schema has no
    valid rows. Raise sqlite3.Error if the file cannot be read, StoreError for an invalid time.
    """
    with _opened(file) as connection:
        (revision,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        if revision != REVISIONS[-1]:
            return ()
        return tuple(
            row
            for found in connection.execute(_SELECT, {"settings": settings}).fetchall()
            for row in [FastRow(**dict(found))]
            for (polled,) in connection.execute(_NEWEST, (row.provider,)).fetchall()
            if to_moment(polled) <= now < to_moment(row.until)
        )


def claim(
    file: Path, provider: str, moment: datetime, longest: timedelta, now: datetime
) -> slots.Claim:
    """Claim a slot like `slots.claim`. Raise sqlite3.Error and StoreError."""
    with _opened(file) as connection:
        connection.execute("BEGIN IMMEDIATE")
        claimed = slots.claim(connection.execute, provider, moment, longest, Present(now))
        connection.execute("COMMIT")
    return claimed


def confirm(
    file: Path, row: FastRow, poll: Mapping[str, Any], slot: datetime | None, *, claimed: bool
) -> bool:
    """Insert an unchanged poll if its row still exists.

    A `claimed` slot must still belong to this process.

    `poll` has the columns that are not in the row. The slot is finished in the same transaction.
    Return whether the poll was inserted. Raise sqlite3.Error.
    """
    with _opened(file) as connection:
        connection.execute("BEGIN IMMEDIATE")
        where = {"settings": row.settings, "provider": row.provider}
        found = connection.execute(f"{_SELECT} AND provider = :provider", where)
        if [FastRow(**dict(each)) for each in found] != [row]:
            return False
        if claimed and slot and not slots.is_ours(connection.execute, row.provider, slot):
            return False
        _insert(connection, row, poll)
        if slot is not None:
            now = datetime.fromisoformat(poll["started_at"])
            slots.finish(connection.execute, row.provider, slot, now)
        connection.execute("COMMIT")
    return True


def _insert(connection: sqlite3.Connection, row: FastRow, poll: Mapping[str, Any]) -> None:
    (newest,) = connection.execute(_NEWEST, (row.provider,)).fetchone()
    known = {"provider": row.provider, "snapshot_id": row.snapshot_id}
    # The time is at least the newest one, because the first of two requests may end last.
    times = {"started_at": max(newest, poll["started_at"])}
    insert_poll(connection.execute, {**known, **poll, **times})
    etag, last_modified = poll.get("etag"), poll.get("last_modified")
    # Validators are kept if the answer has none, because an answer may omit them.
    if etag or last_modified:
        statement = "UPDATE fast_path SET etag = ?, last_modified = ? WHERE provider = ?"
        connection.execute(statement, (etag, last_modified, row.provider))


@contextmanager
def _opened(file: Path) -> Iterator[sqlite3.Connection]:
    # The mode is "rw", because the default creates a missing file.
    place = f"file:{quote(os.fsencode(file))}?mode=rw"
    with (
        waiting(held(file.absolute()), SHORT_TIMEOUT * 0.9),
        closing(sqlite3.connect(place, timeout=SHORT_TIMEOUT, uri=True)) as connection,
    ):
        connection.row_factory = sqlite3.Row
        prepare(connection)
        yield connection
