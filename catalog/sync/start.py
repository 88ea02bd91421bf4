"""Begin a poll: read the clock and the current snapshot."""

import logging
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from catalog.core.clock import Clock, stamp
from catalog.store import history, polls
from catalog.store.database import Database
from catalog.store.fast import FastRow
from catalog.sync.fast import FastPath

logger = logging.getLogger(__name__)
LARGEST_SETBACK = timedelta(hours=1)
"""A clock that is behind by more is believed, because summer time explains only one hour."""
EARLIEST = datetime(2025, 1, 1, tzinfo=UTC)
"""The earliest plausible time, because this program did not exist before."""


@dataclass(frozen=True, slots=True)
class Start:
    """The time of a poll and the current snapshot without its models.

    `monotonic` is the same time in seconds of the monotonic clock. `polled_at` is the time of the
    previous poll. On the fast path `row` is set, and `known` has only the values of the row.
    """

    at: datetime
    monotonic: float
    known: history.Baseline
    polled_at: datetime | None = None
    row: FastRow | None = None

    @property
    def elapsed_ms(self) -> int:
        """Return the milliseconds since the poll began."""
        return round((time.monotonic() - self.monotonic) * 1000)


def begin(database: Database, provider: str, clock: Clock) -> Start:
    """Begin a full poll. Raise StoreError."""
    known, polled_at = _read(database, provider)
    return Start(_now(clock(), polled_at), time.monotonic(), known, polled_at)


def begin_fast(fast: FastPath, clock: Clock) -> Start | None:
    """Begin a poll on the fast path. Return None if a full poll is needed."""
    at, monotonic = clock(), time.monotonic()
    row = fast.row(at)
    return None if row is None else resume(row, at, monotonic)


def resume(row: FastRow, at: datetime, monotonic: float) -> Start:
    """Return the start of a poll on the fast path."""
    known = history.Baseline(row.snapshot_id, payload=row.payload_sha256, validators=row.validators)
    return Start(at, monotonic, known, row=row)


def complete(start: Start, database: Database, provider: str) -> Start | None:
    """Read the remaining facts after a new answer on the fast path.

    Return None if another process polled during the request, because this answer may be older.
    """
    known, polled_at = _read(database, provider)
    if known.number != start.known.number or (polled_at and polled_at > start.at):
        return None
    return replace(start, known=known, polled_at=polled_at)


def _read(database: Database, provider: str) -> tuple[history.Baseline, datetime | None]:
    if not database.exists:
        return history.Baseline(), None
    with database.reading() as connection:
        known = history.baseline(connection, provider)
        known = replace(known, missing=history.missing(connection, provider))
        last = polls.newest(connection, provider)
    return known, None if last is None else last.started_at


def _now(now: datetime, last: datetime | None) -> datetime:
    """Return `now`, or the last poll's time if that is later.

    If the clock is behind by more than LARGEST_SETBACK, the time of the last poll is probably
    wrong, and its use would delay all reports that depend on time, so `now` is returned. A clock
    before EARLIEST is not trusted, because it was never set.
    """
    if last is None or last <= now:
        return now
    present, then = stamp(now), stamp(last)
    if last - now > LARGEST_SETBACK and now >= EARLIEST:
        text = "the clock shows %s, which is used: the last poll at %s is too far ahead to be right"
        logger.warning(text, present, then)
        return now
    text = "the clock shows %s, but the last poll was at %s, so this poll gets that time too"
    logger.warning(text, present, then)
    return last
