"""The fast path: one row holds all that the next poll of a provider needs to know.

The row is there while a full pass would change nothing but the list of polls: no message is
pending, nothing waits, the document is written. As long as the same answer comes, a poll reads this
row, asks, and writes one poll. That is done with the driver alone, because a run from cron then
loads no more than that. Only an SQLite file has such rows.

The transaction of a poll reserves the row, the end of its pass fills it in, and the first
transaction that writes anything else deletes it (`Database.writing`). So no pass can put the
provider on the fast path after another process has written.
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
from catalog.store import slots
from catalog.store.claims import Present
from catalog.store.driver import REVISIONS, prepare
from catalog.store.insert import insert_poll
from catalog.store.stored import to_moment

if TYPE_CHECKING:
    from catalog.store.database import Transaction

SHORT_TIMEOUT = 2.0
"""Seconds to wait for another process that writes; then the full pass waits as long as it wants."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FastPath:
    """All that the next poll of a provider needs to know.

    `settings` is the identity of the settings for which this holds, `until` the moment after which
    time alone may leave something to do. `request` says how the provider is asked, as JSON without
    a secret. `document_sha256` is the digest of the document at `document`; both are None without
    one. The other fields are those of `history.Baseline`.
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
        """The validators of the answer."""
        return Validators(self.etag, self.last_modified)


COLUMNS = tuple(each.name for each in fields(FastPath))
_SELECT = f"SELECT {', '.join(COLUMNS)} FROM fast_path WHERE settings = :settings"  # noqa: S608  # our own names
_NEWEST = "SELECT started_at FROM poll WHERE provider = ? ORDER BY id DESC LIMIT 1"


def next_day(moment: datetime) -> str:
    """Return the next midnight, because the ends of models come nearer by days."""
    return stamp(datetime.combine(moment.date(), time(), UTC) + timedelta(days=1))


def reserve(connection: "Transaction", provider: str, run: str | None) -> None:
    """Reserve the row for the pass with this id, in the transaction of its poll."""
    statement = "INSERT INTO fast_path (provider, run) VALUES (?, ?)"
    connection.exec_driver_sql(statement, (provider, run))


def fill_in(connection: "Transaction", row: FastPath, run: str | None) -> None:
    """Fill in the row that this pass reserved, unless another process has written since."""
    sets = ", ".join(f"{name} = ?" for name in COLUMNS)
    query = f"UPDATE fast_path SET {sets} WHERE provider = ? AND run = ?"  # noqa: S608  # our own names
    connection.exec_driver_sql(query, (*astuple(row), row.provider, run))


def read(file: Path, settings: str, now: datetime) -> tuple[FastPath, ...]:
    """Return the providers on the fast path under these settings.

    None is where its time is over, where the clock is before the last poll, or where the schema is
    not ours. Raise sqlite3.Error if the file cannot be read, StoreError for a time that is none.
    """
    with _opened(file) as connection:
        (revision,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        if revision != REVISIONS[-1]:
            return ()
        return tuple(
            row
            for found in connection.execute(_SELECT, {"settings": settings}).fetchall()
            for row in [FastPath(**dict(found))]
            for (polled,) in connection.execute(_NEWEST, (row.provider,)).fetchall()
            if to_moment(polled) <= now < to_moment(row.until)
        )


def claim(
    file: Path, provider: str, moment: datetime, longest: timedelta, now: datetime
) -> slots.Claim:
    """Claim a slot as `slots.claim` does; raise sqlite3.Error and StoreError."""
    with _opened(file) as connection:
        connection.execute("BEGIN IMMEDIATE")
        claimed = slots.claim(connection.execute, provider, moment, longest, Present(now))
        connection.execute("COMMIT")
    return claimed


def confirm(file: Path, row: FastPath, poll: Mapping[str, Any], slot: datetime | None) -> bool:
    """Insert an unchanged poll, if the row is still there; return whether it was inserted.

    `poll` has the columns that differ from poll to poll. The `slot` is done with it. Raise
    sqlite3.Error.
    """
    with _opened(file) as connection:
        connection.execute("BEGIN IMMEDIATE")
        where = {"settings": row.settings, "provider": row.provider}
        found = connection.execute(f"{_SELECT} AND provider = :provider", where)
        if [FastPath(**dict(each)) for each in found] != [row]:
            return False
        _insert(connection, row, poll)
        if slot is not None:
            now = datetime.fromisoformat(poll["started_at"])
            slots.finish(connection.execute, row.provider, slot, now)
        connection.execute("COMMIT")
    return True


def _insert(connection: sqlite3.Connection, row: FastPath, poll: Mapping[str, Any]) -> None:
    (newest,) = connection.execute(_NEWEST, (row.provider,)).fetchone()
    known = {"provider": row.provider, "snapshot_id": row.snapshot_id}
    # Polls are in the order of their times, but the process that asked first may write last.
    times = {"started_at": max(newest, poll["started_at"])}
    insert_poll(connection.execute, {**known, **poll, **times})
    given = (poll.get("etag"), poll.get("last_modified"), row.provider)
    if given[0] or given[1]:  # what an answer lacks, the one before it may still have
        statement = "UPDATE fast_path SET etag = ?, last_modified = ? WHERE provider = ?"
        connection.execute(statement, given)


@contextmanager
def _opened(file: Path) -> Iterator[sqlite3.Connection]:
    # A file that is not there must not be made.
    place = f"file:{quote(os.fsencode(file))}?mode=rw"
    with closing(sqlite3.connect(place, timeout=SHORT_TIMEOUT, uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        prepare(connection)
        yield connection
