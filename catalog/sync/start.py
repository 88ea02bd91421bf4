"""How a poll begins: at which moment, and from which state of the store."""

import logging
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from catalog.core.clock import Clock, stamp
from catalog.store import history, polls
from catalog.store.database import Database
from catalog.store.fast import FastPath
from catalog.sync.fast import Fast

logger = logging.getLogger(__name__)
SET_BACK = timedelta(hours=1)
"""The most that a clock goes back by a mistake with summer time, or when it is set."""
WRITTEN = datetime(2025, 1, 1, tzinfo=UTC)
"""A clock before this moment is not set yet, because this program is younger."""


@dataclass(frozen=True, slots=True)
class Start:
    """The moment of a poll, also by monotonic time, and the current snapshot without its models.

    `polled_at` is the moment of the poll before it. On the fast path `row` is set, and `known` has
    only what the row has.
    """

    at: datetime
    monotonic: float
    known: history.Baseline
    polled_at: datetime | None = None
    row: FastPath | None = None

    @property
    def elapsed_ms(self) -> int:
        """The milliseconds since then."""
        return round((time.monotonic() - self.monotonic) * 1000)


def begin(database: Database, provider: str, clock: Clock) -> Start:
    """Begin a full poll: read the current state, without its models; raise StoreError."""
    known, polled_at = _read(database, provider)
    return Start(_now(clock(), polled_at), time.monotonic(), known, polled_at)


def begin_fast(fast: Fast, clock: Clock) -> Start | None:
    """Begin a poll on the fast path; None if a full poll is needed."""
    at, monotonic = clock(), time.monotonic()
    row = fast.row(at)
    if row is None:
        return None
    known = history.Baseline(row.snapshot_id, payload=row.payload_sha256, validators=row.validators)
    return Start(at, monotonic, known, row=row)


def complete(start: Start, database: Database, provider: str) -> Start | None:
    """Complete the state of a poll that began on the fast path, because its answer is new.

    None if another process has polled meanwhile: the answer may be about the state before that.
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
    """Return the moment of a poll: that of the last one if the clock was set back a bit.

    If it is back by more than that, the last poll is the odd one: to wait for its time would delay
    all reports that depend on time. But a clock that was never set is not followed.
    """
    if last is None or last <= now:
        return now
    present, then = stamp(now), stamp(last)
    if last - now > SET_BACK and now >= WRITTEN:
        text = "the clock is at %s, long before the last poll, of %s: that one's clock was ahead"
        logger.warning(text, present, then)
        return now
    logger.warning("the clock is at %s, before the last poll: %s is used", present, then)
    return last
