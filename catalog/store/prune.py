"""Remove old payload bodies and redundant polls."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice, tee
from pathlib import Path

from sqlalchemy import Connection, Text, bindparam, delete, func, select, type_coerce

from catalog.core.clock import stamp
from catalog.core.errors import DatabaseBusy, StoreError
from catalog.store import tally
from catalog.store.backup import WAIT, opened
from catalog.store.bodies import drop
from catalog.store.history import ACCEPTED
from catalog.store.tables import FindingRow, PayloadRow, PollRow, col, plain, table_of

MANY = 500
"""The number of polls removed from the tally at once."""
THINNED = ("unchanged", "failed")
_SHA256 = col(PayloadRow.sha256)
_STARTED_AT = type_coerce(col(PollRow.started_at), Text).label("started_at")


@dataclass(frozen=True, slots=True)
class Pruned:
    """The removed and total number of bodies and polls."""

    bodies: int
    all_bodies: int
    polls: int
    all_polls: int


@dataclass(slots=True)
class _Bodies:
    last: dict[str, str] = field(default_factory=dict)
    current: str = ""
    newest: str = ""
    polls: set[int] = field(default_factory=set)


def prune(connection: Connection, before: datetime) -> Pruned:
    """Remove bodies and polls that were last needed before a time.

    Every digest and size is kept, and the bodies of the current and the newest payload. A poll is
    removed if its neighbors on the same day have the same outcome. Polls with a snapshot, a
    finding, another payload or the current validators are kept. Held and invalid polls are kept
    too, and all polls since the last accepted one.
    """
    limit = stamp(before)
    stored = set(connection.scalars(select(_SHA256).where(col(PayloadRow.body).is_not(None))))
    all_polls = connection.scalar(select(func.count()).select_from(table_of(PollRow))) or 0
    needed, polls = set[str](), list[int]()
    for provider in connection.scalars(select(col(PollRow.provider)).distinct()).all():
        bodies = _bodies(connection, provider)
        needed |= {sha256 for sha256, last in bodies.last.items() if last >= limit}
        needed |= {bodies.current, bodies.newest}
        polls += _redundant(connection, provider, bodies.polls, limit)
    old = stored - needed
    if old:
        drop(connection, old)
    if polls:
        _subtract(connection, polls)
        these_polls = delete(table_of(PollRow)).where(col(PollRow.id) == bindparam("spare"))
        connection.execute(these_polls, [{"spare": number} for number in polls])
    return Pruned(len(old), len(stored), len(polls), all_polls)


def _subtract(connection: Connection, polls: list[int]) -> None:
    for start in range(0, len(polls), MANY):
        numbers = ", ".join(map(str, polls[start : start + MANY]))
        tally.subtract(plain(connection), "poll", f"id IN ({numbers})", {})


def vacuum(file: Path, *, wait: float = WAIT) -> None:
    """Shrink an SQLite file. Raise DatabaseBusy or StoreError."""
    try:
        with opened(file, wait=wait) as connection:
            connection.execute("VACUUM")
    except sqlite3.Error as error:
        kind = DatabaseBusy if "locked" in str(error) else StoreError
        raise kind(f"{file} was pruned, but the file could not be shrunk: {error}") from error


def _bodies(connection: Connection, provider: str) -> _Bodies:
    query = (
        select(col(PollRow.id), col(PollRow.outcome), col(PollRow.payload_sha256), _STARTED_AT)
        .where(col(PollRow.provider) == provider, col(PollRow.payload_sha256).is_not(None))
        .order_by(col(PollRow.id))
    )
    bodies = _Bodies()
    for row in connection.execute(query):
        bodies.last[row.payload_sha256] = row.started_at
        bodies.newest = row.payload_sha256
        if row.outcome in ACCEPTED and row.payload_sha256 != bodies.current:
            if bodies.current:
                bodies.last[bodies.current] = row.started_at  # because it was current until now
            bodies.current = row.payload_sha256
            bodies.polls.add(row.id)
    return bodies


def _redundant(connection: Connection, provider: str, keep: set[int], limit: str) -> Iterator[int]:
    of_provider = col(PollRow.provider) == provider
    accepted = select(func.max(col(PollRow.id))).where(
        of_provider, col(PollRow.outcome).in_(ACCEPTED)
    )
    named = col(PollRow.etag).is_not(None) | col(PollRow.last_modified).is_not(None)
    validators = connection.scalar(accepted.where(named))
    found = connection.scalars(select(col(FindingRow.poll_id)).distinct())
    keep = {*keep, validators or 0, *found}
    query = (
        select(col(PollRow.id), col(PollRow.outcome), _STARTED_AT)
        .where(of_provider, col(PollRow.id) <= (connection.scalar(accepted) or 0))
        .order_by(col(PollRow.id))
    )
    one, two, three = tee(connection.execute(query), 3)
    for before, poll, after in zip(one, islice(two, 1, None), islice(three, 2, None), strict=False):
        alike = before.outcome == poll.outcome == after.outcome and poll.outcome in THINNED
        day = before.started_at[:10] == poll.started_at[:10] == after.started_at[:10]
        if alike and day and poll.started_at < limit and poll.id not in keep:
            yield poll.id
