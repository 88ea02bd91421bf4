"""What was answered, poll by poll: so that the past can be judged again."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from catalog.changes.poll import Outcome
from catalog.store.folding import unfold
from catalog.store.history import ACCEPTED
from catalog.store.stored import to_outcome
from catalog.store.tables import PayloadRow, PollRow, col

_ASKED = ("id", "started_at", "outcome", "payload_sha256", "earlier")


@dataclass(frozen=True, slots=True)
class Answered:
    """One poll that was answered: when, how it ended, and the SHA-256 of the body."""

    at: datetime
    outcome: Outcome
    sha256: str


def answered(connection: Connection, provider: str) -> Iterator[Answered]:
    """Yield every poll that was answered, the oldest first."""
    query = (
        select(*(col(getattr(PollRow, name)) for name in _ASKED))
        .where(col(PollRow.provider) == provider, col(PollRow.outcome) != str(Outcome.FAILED))
        .order_by(col(PollRow.id))
    )
    in_force = ""
    for row in connection.execute(query):
        for poll in reversed([*unfold(row.id, row.started_at, row.earlier)]):
            yield Answered(poll.started_at, Outcome.UNCHANGED, in_force)
        sha256 = row.payload_sha256 or in_force  # a poll does not repeat what was believed last
        if row.outcome in ACCEPTED:
            in_force = sha256
        yield Answered(row.started_at, to_outcome(row.outcome), sha256)


def bodies(connection: Connection) -> frozenset[str]:
    """Return the SHA-256 of every body that is still stored."""
    stored = select(col(PayloadRow.sha256)).where(col(PayloadRow.body).is_not(None))
    return frozenset(connection.scalars(stored))
