"""Record an unchanged poll without a full pass.

Nearly every poll finds nothing new. The full pass would only insert the poll (see store/fast.py),
so its other steps are skipped.
"""

import hashlib
import logging
import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from catalog.changes.poll import Outcome, Pass, Poll, Published
from catalog.core.clock import stamp
from catalog.core.errors import ProviderError
from catalog.core.files import read_bytes
from catalog.core.payload import Answer, NotModified, Payload
from catalog.store import fast as store
from catalog.store.fast import FastRow
from catalog.store.slots import Claim

if TYPE_CHECKING:
    from catalog.store.history import Baseline

logger = logging.getLogger(__name__)
LARGEST = 64 * 1024 * 1024
"""The maximum bytes of a document. The full pass reports larger ones."""


@dataclass(frozen=True, slots=True)
class FastPath:
    """The fast path of one provider and its SQLite file.

    `settings` and `request` mean the same as in FastRow.
    """

    provider: str
    settings: str
    request: str
    file: Path

    def row(self, now: datetime) -> FastRow | None:
        """Return the row, or None if a full pass is needed."""
        try:
            rows = store.read(self.file, self.settings, now)
        except sqlite3.Error as error:
            # The level is DEBUG, because the full pass reports the error.
            logger.debug("%s: no fast path: %s", self.provider, error)
            return None
        mine = (row for row in rows if (row.provider, row.request) == (self.provider, self.request))
        return next(filter(is_written, mine), None)

    def claim(self, moment: datetime, longest: timedelta, now: datetime) -> Claim | None:
        """Claim a slot without SQLAlchemy. Return None if that fails."""
        try:
            return store.claim(self.file, self.provider, moment, longest, now)
        except sqlite3.Error as error:
            # The level is DEBUG, because the full pass reports the error.
            logger.debug("%s: no claim on the fast path: %s", self.provider, error)
            return None

    def new_row(self, started: datetime, known: "Baseline", document: Published | None) -> FastRow:
        """Return the row for the poll after this one.

        The pass began at `started` and left no pending work. `known` is read after the pass.
        """
        return FastRow(
            provider=self.provider,
            settings=self.settings,
            until=store.next_day(started),
            snapshot_id=known.number or 0,
            payload_sha256=known.payload or "",
            etag=known.validators.etag,
            last_modified=known.validators.last_modified,
            document=str(document.path) if document else None,
            document_sha256=document.digest if document else None,
            request=self.request,
        )


@dataclass(frozen=True, slots=True)
class Answered:
    """A request of the fast path whose answer needs a full pass.

    `at` is the time of the request, `monotonic` is the same time on the monotonic clock. `run` is
    the id of the pass.
    """

    row: FastRow
    at: datetime
    monotonic: float
    answer: Payload | None
    error: ProviderError | None
    run: str | None


def confirm(
    file: Path, row: FastRow, poll: Poll, slot: datetime | None, *, claimed: bool
) -> Pass | None:
    """Record a poll whose answer is unchanged, and finish its `slot`.

    Return None if a full pass is needed. One reason is that this process had `claimed` the slot,
    but another process has the claim now.
    """
    answer = poll.answer
    if answer is None or not _is_same(answer, row):
        return None
    try:
        if not store.confirm(file, row, _columns(poll, answer, row), slot, claimed=claimed):
            return None
    except sqlite3.Error as error:
        # The level is DEBUG, because the full pass reports the error.
        logger.debug("%s: the fast path could not store the poll: %s", poll.provider, error)
        return None
    logger.info("%s: %s, fast path", poll.provider, poll.outcome)
    document = None if row.document is None else Published(Path(row.document), written=False)
    return Pass(poll, row.snapshot_id, document)


def is_written(row: FastRow) -> bool:
    """Return whether the document still has the content of the last pass."""
    if row.document is None:
        return True
    digest, file = None, Path(row.document)
    with suppress(OSError):
        digest = hashlib.sha256(read_bytes(file, LARGEST)).hexdigest()
    return digest == row.document_sha256


def unchanged(provider: str, started: datetime, duration_ms: int, answer: Answer | None) -> Poll:
    """Return the poll that `confirm` records."""
    return Poll(provider, started, duration_ms, Outcome.UNCHANGED, answer)


def _is_same(answer: Answer, row: FastRow) -> bool:
    return isinstance(answer, NotModified) or answer.digest == row.payload_sha256


def _columns(poll: Poll, answer: Answer, row: FastRow) -> dict[str, str | int | None]:
    """Return the columns of this poll. Validators are only included if changed."""
    columns: dict[str, str | int | None] = {
        "started_at": stamp(poll.started_at),
        "duration_ms": poll.duration_ms,
        "outcome": str(poll.outcome),
        "http_status": answer.status,
    }
    if isinstance(answer, Payload) and answer.validators != row.validators:
        validators = answer.validators
        columns |= {"etag": validators.etag, "last_modified": validators.last_modified}
    return columns
