"""Define one poll of a provider and its results."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from catalog.core.errors import CatalogError, Problem
from catalog.core.payload import Answer
from catalog.core.snapshot import Snapshot

if TYPE_CHECKING:  # because the fast path does not need these
    from catalog.changes.finding import Finding
    from catalog.changes.hold import Held
    from catalog.changes.incident import TroubleKind

Removals = Literal["at once", "again", "next"]
"""When a removal is accepted: now, after a second request, next poll."""


class Outcome(StrEnum):
    """The outcome of a poll."""

    FIRST = "first"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    HELD = "held"
    INVALID = "invalid"
    FAILED = "failed"


TROUBLE_OF: "Mapping[Outcome, TroubleKind]" = {
    Outcome.FAILED: "failing",
    Outcome.INVALID: "invalid",
    Outcome.HELD: "held",
}
"""The problem kind of each outcome that is not accepted."""


@dataclass(frozen=True, slots=True)
class Poll:
    """The content of one write transaction.

    `snapshot` is the new state if the outcome is `first` or `changed`. `candidate` is a digest of
    the keys that a held answer lacks. `error` is the cause of a held, invalid or failed poll.
    `missing` are keys of unlisted models that are kept until their removal is confirmed, and
    `missing_names` their names. `held` is the content of a held answer.
    """

    provider: str
    started_at: datetime
    duration_ms: int
    outcome: Outcome
    answer: Answer | None = None
    snapshot: "Snapshot | None" = None
    findings: "tuple[Finding, ...]" = ()
    candidate: str | None = None
    error: CatalogError | None = None
    missing: tuple[str, ...] = ()
    missing_names: tuple[str, ...] = ()
    held: "Held | None" = None

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Return every place where the answer breaks the contract."""
        return getattr(self.error, "problems", ())


@dataclass(frozen=True, slots=True)
class Published:
    """The document after a pass. `digest` is the SHA-256 of its content.

    A document without markers belongs to the user and is not changed.
    """

    path: Path
    written: bool
    digest: str = ""
    has_markers: bool = True


@dataclass(frozen=True, slots=True)
class Backlog:
    """The pending messages of a channel, its error and next attempt.

    `due_at` is when the oldest message was due, None if unknown.
    """

    channel: str
    messages: int
    error: str | None
    next_at: datetime | None
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Pass:
    """The result of one pass.

    `snapshot` is the number of the current snapshot after it. `document` is None without a document
    setting, or after an error (`document_error`). `pending` lists channels with pending messages.
    """

    poll: Poll
    snapshot: int | None
    document: Published | None = None
    document_error: CatalogError | None = None
    pending: tuple[Backlog, ...] = ()

    @property
    def error(self) -> CatalogError | None:
        """Return the error of the poll, or else of the document."""
        return self.poll.error or self.document_error
