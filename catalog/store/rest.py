"""Where a provider is at rest: nothing is owed, nothing waits, the document is written.

Then all that the next poll has to know is one row, and as long as the same answer comes, all it has
to write is a poll. Both are done here with the driver alone: a run from cron that finds nothing new
loads no more than that. Only an SQLite file can be at rest.

The row is made by the transaction of a poll, says something once its pass is done, and goes with
the first transaction that writes anything else (`Database.writing`). So no pass can put to rest
what another one has left.
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

from catalog.changes.poll import Published
from catalog.core.clock import stamp
from catalog.core.payload import Validators
from catalog.store import tally
from catalog.store.claims import owner
from catalog.store.driver import REVISIONS, prepare
from catalog.store.folding import fold
from catalog.store.stored import to_moment

if TYPE_CHECKING:
    from catalog.store.database import Transaction
    from catalog.store.history import Baseline

SHORT_TIMEOUT = 2.0
"""Seconds to wait for another process that writes; then the pass waits as long as it wants."""
SLOTS_KEPT = 10
"""So many of the latest slots are remembered for each provider."""
SLOTS_KEPT_FOR = timedelta(hours=1)
"""All slots are remembered for so long, because a process with a slow clock comes to them late."""
_CLAIM = """
INSERT INTO slot (provider, moment, claimed_by, claimed_until) VALUES (?, ?, ?, ?)
ON CONFLICT DO NOTHING
"""
SLOT_DONE = """
INSERT INTO slot (provider, moment, done_at) VALUES (:provider, :moment, :now)
ON CONFLICT (provider, moment)
DO UPDATE SET claimed_by = NULL, claimed_until = NULL, done_at = excluded.done_at
"""
SLOTS_FORGOTTEN = """
DELETE FROM slot WHERE provider = :provider AND moment < :before AND moment NOT IN
(SELECT moment FROM slot WHERE provider = :provider ORDER BY moment DESC LIMIT :kept)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """All that a poll has to know where nothing is left to do.

    `settings` is the identity of the settings under which nothing is left to do, `until` the moment
    from which on the time alone may leave something to do. `asking` says how the provider is asked,
    as JSON and without a secret. `document_sha256` is the digest of the document at `document`;
    both are None where none is wanted. The other fields are those of `history.Baseline`.
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
    asking: str

    @property
    def validators(self) -> Validators:
        """What came with the answer."""
        return Validators(self.etag, self.last_modified)


@dataclass(frozen=True, slots=True)
class Terms:
    """Under what a provider may come to rest: `settings` and `asking` of a Rest."""

    settings: str
    asking: str

    def rest(
        self, provider: str, started: datetime, known: "Baseline", document: Published | None
    ) -> Rest:
        """Return what the next poll has to know after one that `started` then.

        The days go by for the ends of models: when the next one begins, there may be something to
        tell.
        """
        midnight = datetime.combine(started.date(), time(), UTC) + timedelta(days=1)
        return Rest(
            provider=provider,
            settings=self.settings,
            until=stamp(midnight),
            snapshot_id=known.number or 0,
            payload_sha256=known.payload or "",
            etag=known.validators.etag,
            last_modified=known.validators.last_modified,
            document=str(document.path) if document else None,
            document_sha256=document.digest if document else None,
            asking=self.asking,
        )


@dataclass(frozen=True, slots=True)
class Slot:
    """A slot that a poll does: whoever has it, or alone, for as `longest` as a pass may take."""

    moment: datetime
    longest: timedelta | None = None


COLUMNS = tuple(each.name for each in fields(Rest))
_SELECT = f"SELECT {', '.join(COLUMNS)} FROM rest WHERE settings = ?"  # noqa: S608  # our own names
_NEWEST = "SELECT started_at FROM poll WHERE provider = ? ORDER BY id DESC LIMIT 1"


def begin(connection: "Transaction", provider: str, run: str | None) -> None:
    """Note, in the transaction of a poll, that the provider may come to rest by this run."""
    connection.exec_driver_sql("INSERT INTO rest (provider, run) VALUES (?, ?)", (provider, run))


def settle(connection: "Transaction", rest: Rest, run: str | None) -> None:
    """Put the provider to rest, unless somebody else has written since the poll of this run."""
    sets = ", ".join(f"{name} = ?" for name in COLUMNS)
    query = f"UPDATE rest SET {sets} WHERE provider = ? AND run = ?"  # noqa: S608  # our own names
    connection.exec_driver_sql(query, (*astuple(rest), rest.provider, run))


def read(file: Path, settings: str, now: datetime) -> tuple[Rest, ...]:
    """Return the providers that are at rest under these settings, at that moment.

    None is where the time has come, where the clock stands before the last poll, or where the
    schema is not ours. Raise sqlite3.Error where the file cannot be read.
    """
    present = stamp(now)
    with _opened(file) as connection:
        (revision,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        if revision != REVISIONS[-1]:
            return ()
        return tuple(
            rest
            for row in connection.execute(_SELECT, (settings,)).fetchall()
            for rest in [Rest(**dict(row))]
            for (polled,) in connection.execute(_NEWEST, (rest.provider,)).fetchall()
            if polled <= present < rest.until
        )


def done_at(file: Path, provider: str, moment: datetime) -> datetime | None:
    """Return when a slot was done, None where it was not; raise sqlite3.Error."""
    query = "SELECT done_at FROM slot WHERE provider = ? AND moment = ?"
    with _opened(file) as connection:
        row = connection.execute(query, (provider, stamp(moment))).fetchone()
    return None if row is None or row[0] is None else to_moment(row[0])


def claim(file: Path, provider: str, slot: Slot, now: datetime) -> bool:
    """Take a slot that nobody has done or taken; say whether it is ours. Raise sqlite3.Error."""
    row = (provider, stamp(slot.moment), owner(), stamp(now + (slot.longest or timedelta())))
    with _opened(file) as connection:
        return connection.execute(_CLAIM, row).rowcount == 1


def confirm(file: Path, rest: Rest, poll: Mapping[str, Any], slot: Slot | None) -> bool:
    """Write an unchanged poll, unless the provider is at rest no more; say whether it was written.

    `poll` has the columns of the poll that differ from poll to poll. Raise sqlite3.Error.
    """
    with _opened(file) as connection:
        connection.execute("BEGIN IMMEDIATE")
        rows = connection.execute(f"{_SELECT} AND provider = ?", (rest.settings, rest.provider))
        if [Rest(**dict(row)) for row in rows] != [rest]:
            return False
        if slot and slot.longest and not _is_ours(connection, rest.provider, slot.moment):
            return False
        _write(connection, rest, poll)
        if slot:
            _finish(connection, rest.provider, slot.moment, poll["started_at"])
        connection.execute("COMMIT")
    return True


def _write(connection: sqlite3.Connection, rest: Rest, poll: Mapping[str, Any]) -> None:
    (newest,) = connection.execute(_NEWEST, (rest.provider,)).fetchone()
    # Who was asked first may answer last: polls stand in the order of their times.
    row = {"provider": rest.provider, "snapshot_id": rest.snapshot_id, **poll}
    row["started_at"] = max(newest, row["started_at"])
    names, marks = ", ".join(row), ", ".join(f":{name}" for name in row)
    # The names are those of our own columns; the values are bound.
    written = connection.execute(f"INSERT INTO poll ({names}) VALUES ({marks})", row)  # noqa: S608
    number = written.lastrowid or 0
    tally.add_poll(connection.execute, number, row)
    fold(connection.execute, number)
    given = (poll.get("etag"), poll.get("last_modified"), rest.provider)
    if given[0] or given[1]:  # what an answer lacks, the one before it may still have
        connection.execute("UPDATE rest SET etag = ?, last_modified = ? WHERE provider = ?", given)


def _finish(connection: sqlite3.Connection, provider: str, moment: datetime, now: str) -> None:
    for statement in (SLOT_DONE, SLOTS_FORGOTTEN):
        connection.execute(statement, about_slot(provider, moment, now))


def about_slot(provider: str, moment: datetime, now: str) -> dict[str, Any]:
    """Return what the statements about a slot that was done take."""
    before = stamp(moment - SLOTS_KEPT_FOR)
    given = {"provider": provider, "moment": stamp(moment), "now": now}
    return given | {"before": before, "kept": SLOTS_KEPT}


def _is_ours(connection: sqlite3.Connection, provider: str, moment: datetime) -> bool:
    query = "SELECT claimed_by FROM slot WHERE provider = ? AND moment = ?"
    row = connection.execute(query, (provider, stamp(moment))).fetchone()
    return row is not None and row[0] == owner()


@contextmanager
def _opened(file: Path) -> Iterator[sqlite3.Connection]:
    # A file that is not there must not be made.
    place = f"file:{quote(os.fsencode(file))}?mode=rw"
    with closing(sqlite3.connect(place, timeout=SHORT_TIMEOUT, uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        prepare(connection)
        yield connection
