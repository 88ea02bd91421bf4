"""The fast path of a poll: the same answer is recorded, and that is all.

Nearly every poll finds nothing new. A full pass would then change nothing else (see store/fast.py),
so all but the poll is skipped.
"""

import hashlib
import logging
import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from catalog.changes.poll import Outcome, Pass, Poll, Published
from catalog.core.clock import stamp
from catalog.core.files import read_bytes
from catalog.core.payload import Answer, NotModified, Payload
from catalog.store import fast as store
from catalog.store.fast import FastPath

if TYPE_CHECKING:
    from catalog.store.history import Baseline

logger = logging.getLogger(__name__)
LARGEST = 64 * 1024 * 1024
"""Bytes of a document; a full pass reports on a larger one."""


@dataclass(frozen=True, slots=True)
class Fast:
    """The fast path of one provider under these settings, with its row in this SQLite file.

    `settings` and `request` are those of a FastPath.
    """

    provider: str
    settings: str
    request: str
    file: Path

    def row(self, now: datetime) -> FastPath | None:
        """Return the row of this provider; None if a full pass is needed."""
        try:
            rows = store.read(self.file, self.settings, now)
        except sqlite3.Error as error:
            logger.debug("%s: no fast path: %s", self.provider, error)  # the full pass reports it
            return None
        mine = (row for row in rows if (row.provider, row.request) == (self.provider, self.request))
        return next(filter(is_written, mine), None)

    def new_row(self, started: datetime, known: "Baseline", document: Published | None) -> FastPath:
        """Return the row for the polls after one that `started` then and left nothing to do."""
        return FastPath(
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


def confirm(file: Path, row: FastPath, poll: Poll, slot: datetime | None) -> Pass | None:
    """Record a poll with the same answer as before; None if a full pass is needed.

    The `slot` is done with it.
    """
    answer = poll.answer
    if answer is None or not _is_same(answer, row):
        return None
    try:
        if not store.confirm(file, row, _columns(poll, answer, row), slot):
            return None
    except sqlite3.Error as error:
        logger.debug("%s: not recorded: %s", poll.provider, error)  # the full pass reports it
        return None
    logger.info("%s: %s, fast path", poll.provider, poll.outcome)
    document = None if row.document is None else Published(Path(row.document), written=False)
    return Pass(poll, row.snapshot_id, document)


def is_written(row: FastPath) -> bool:
    """Return whether the document is as the last pass left it."""
    if row.document is None:
        return True
    digest, file = None, Path(row.document)
    with suppress(OSError):
        digest = hashlib.sha256(read_bytes(file, LARGEST)).hexdigest()
    return digest == row.document_sha256


def unchanged(provider: str, started: datetime, duration_ms: int, answer: Answer | None) -> Poll:
    """Return the poll that `confirm` records, if the answer is the same."""
    return Poll(provider, started, duration_ms, Outcome.UNCHANGED, answer)


def _is_same(answer: Answer, row: FastPath) -> bool:
    return isinstance(answer, NotModified) or answer.digest == row.payload_sha256


def _columns(poll: Poll, answer: Answer, row: FastPath) -> dict[str, str | int | None]:
    """Return the columns that differ from poll to poll, validators only if they moved."""
    columns: dict[str, str | int | None] = {
        "started_at": stamp(poll.started_at),
        "duration_ms": poll.duration_ms,
        "outcome": str(poll.outcome),
        "http_status": answer.status,
    }
    if isinstance(answer, Payload) and answer.validators != row.validators:
        given = answer.validators
        columns |= {"etag": given.etag, "last_modified": given.last_modified}
    return columns
