"""One attempt to read a provider, and all that came of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from catalog.core.errors import CatalogError, Problem
from catalog.core.payload import Answer

if TYPE_CHECKING:  # not loaded where nothing is new
    from catalog.changes.finding import Finding
    from catalog.changes.incident import TroubleKind
    from catalog.core.snapshot import Snapshot

Removals = Literal["at once", "again", "next"]
"""When a removal is believed: at once, when asked again soon after, or at the next poll."""


class Outcome(StrEnum):
    """How a poll ended."""

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
"""What kind of trouble a poll stands for that was not accepted."""


@dataclass(frozen=True, slots=True)
class Poll:
    """What one transaction writes.

    `snapshot` is the new state where the outcome is `first` or `changed`. `candidate` is the digest
    of the keys that a held answer lacks. `error` says why a poll was held, invalid or failed.
    `missing` are the keys of models that were not sent and stay in force until that is confirmed.
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

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Every place where the answer breaks the contract."""
        return getattr(self.error, "problems", ())


@dataclass(frozen=True, slots=True)
class Published:
    """The document after a pass: where it is, and whether it had to be written.

    `digest` is the SHA-256 of what it holds.
    """

    path: Path
    written: bool
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many messages a channel has not taken yet, what it said, and when the next is due.

    `due_at` is since when the oldest of them could have been sent; None where nobody knows.
    """

    channel: str
    messages: int
    error: str | None
    next_at: datetime | None
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Pass:
    """What one pass came to.

    `snapshot` is the one in force after it. `document` is None where none was wanted or could be
    written (`document_error`). `owed` names the channels that did not take every message yet.
    """

    poll: Poll
    snapshot: int | None
    document: Published | None = None
    document_error: CatalogError | None = None
    owed: tuple[Waiting, ...] = ()
