"""A poll of a provider that is at rest: the same answer is written down, and that is all.

Nearly every poll finds nothing new. What a pass does besides is then known to come to nothing (see
store/rest.py), and is left out. Whatever else comes of the question is handed on to the pass.
"""

import hashlib
import logging
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from catalog.changes.poll import Outcome, Pass, Poll, Published
from catalog.core.clock import Clock, stamp
from catalog.core.errors import CatalogError, ProviderError
from catalog.core.files import read_bytes
from catalog.core.payload import Answer, NotModified, Payload, Validators
from catalog.core.run_id import current
from catalog.core.unexpected import REPORT, log_unexpected
from catalog.store import rest as resting
from catalog.store.rest import Rest, Slot, Terms

logger = logging.getLogger(__name__)
LARGEST = 64 * 1024 * 1024
"""Bytes of a document; of a larger one the pass has more to say."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that was asked already: when, what came of it, after how many milliseconds.

    `snapshot` was in force then; what came says nothing of a state that came after it. `run` is the
    id of the pass that it is part of.
    """

    started_at: datetime
    came: Payload | ProviderError
    duration_ms: int
    snapshot: int
    run: str | None


@dataclass(frozen=True, slots=True)
class Quick:
    """One provider, polled under these terms, with its state in this file."""

    provider: str
    terms: Terms
    file: Path
    fetch: Callable[[Validators], Answer]
    clock: Clock

    def run(self, slot: Slot | None = None) -> Pass | Asked | None:
        """Poll, and record what came if it is nothing new; the slot is done with it.

        Else return what came, or None where nothing was asked, or came that helps.
        """
        started = self.clock()
        try:
            for rest in resting.read(self.file, self.terms.settings, started):
                if rest.provider == self.provider and rest.asking == self.terms.asking:
                    return self.ask(rest, started, slot)
        except sqlite3.Error as error:
            logger.debug("%s: not at rest: %s", self.provider, error)  # the pass says more
        return None

    def ask(self, rest: Rest, started: datetime, slot: Slot | None) -> Pass | Asked | None:
        """Do the same where it is known that the provider is at rest; raise sqlite3.Error."""
        if not is_written(rest):
            return None
        if slot and slot.longest and not resting.claim(self.file, self.provider, slot, started):
            return None
        clock = time.monotonic()
        came: Answer | ProviderError
        try:
            came = self.fetch(rest.validators)
        except ProviderError as error:
            came = error
        except CatalogError:
            raise
        except Exception as error:  # noqa: BLE001  # as in a whole pass
            what = f"the poll of {self.provider} broke off"
            came = ProviderError(log_unexpected(logger, what, error), hint=REPORT)
        elapsed = round((time.monotonic() - clock) * 1000)
        asked = None
        if not isinstance(came, NotModified):
            asked = Asked(started, came, elapsed, rest.snapshot_id, current())
        if isinstance(came, ProviderError) or not _is_same(came, rest):
            return asked
        poll = Poll(self.provider, started, elapsed, Outcome.UNCHANGED, came)
        return self._confirmed(rest, poll, came, slot) or asked

    def _confirmed(self, rest: Rest, poll: Poll, answer: Answer, slot: Slot | None) -> Pass | None:
        """Record the poll; None where that cannot be done, and the pass will see why."""
        try:
            if not resting.confirm(self.file, rest, _row(poll, answer, rest), slot):
                return None
        except sqlite3.Error as error:
            logger.debug("%s: not recorded: %s", self.provider, error)
            return None
        logger.info("%s: %s, at rest", poll.provider, poll.outcome)
        document = None if rest.document is None else Published(Path(rest.document), written=False)
        return Pass(poll, rest.snapshot_id, document)


def _is_same(answer: Answer, rest: Rest) -> bool:
    return isinstance(answer, NotModified) or answer.digest == rest.payload_sha256


def is_written(rest: Rest) -> bool:
    """Say whether the document is as it was left."""
    if rest.document is None:
        return True
    digest, file = None, Path(rest.document)
    with suppress(OSError):
        digest = hashlib.sha256(read_bytes(file, LARGEST)).hexdigest()
    return digest == rest.document_sha256


def _row(poll: Poll, answer: Answer, rest: Rest) -> dict[str, str | int | None]:
    """Write what differs from poll to poll, and what came with the answer only where that moved."""
    row: dict[str, str | int | None] = {
        "started_at": stamp(poll.started_at),
        "duration_ms": poll.duration_ms,
        "outcome": str(poll.outcome),
        "http_status": answer.status,
    }
    if isinstance(answer, Payload) and answer.validators != rest.validators:
        given = answer.validators
        row |= {"etag": given.etag, "last_modified": given.last_modified}
    return row
