"""The outbox: what is owed to which channel.

A message is claimed before it is sent, so that two processes do not send it both.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select, update
from sqlmodel import col

from catalog.change import Finding
from catalog.store.changelog import Wanted, findings
from catalog.store.claims import is_held, owner
from catalog.store.record import OWED
from catalog.store.tables import DeliveryRow, FindingRow

DELIVERED = "delivered"
CLAIM = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Owed:
    """One message to one channel: the findings of one poll that the channel wants."""

    message_id: str
    channel: str
    provider: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many messages a channel has not taken yet, and what it said last."""

    channel: str
    messages: int
    error: str | None


def claim(connection: Connection, channel: str, now: datetime) -> Owed | None:
    """Take the oldest message that is owed to a channel and that nobody is sending."""
    query = (
        select(
            col(DeliveryRow.message_id),
            col(FindingRow.provider),
            func.max(col(DeliveryRow.claimed_by)).label("claimed_by"),
            func.max(col(DeliveryRow.claimed_until)).label("claimed_until"),
        )
        .join(FindingRow, col(FindingRow.id) == col(DeliveryRow.finding_id))
        .where(col(DeliveryRow.state) == OWED, col(DeliveryRow.channel) == channel)
        .group_by(col(DeliveryRow.message_id), col(FindingRow.provider))
        .order_by(func.min(col(DeliveryRow.id)))
    )
    for row in connection.execute(query).all():
        until = row.claimed_until
        is_ahead = until is not None and until > now + CLAIM  # of a clock that was ahead
        if is_ahead or not is_held(row.claimed_by, until, now):
            _set(connection, row.message_id, claimed_by=owner(), claimed_until=now + CLAIM)
            wanted = Wanted(row.provider, message=row.message_id)
            return Owed(row.message_id, channel, row.provider, findings(connection, wanted))
    return None


def delivered(connection: Connection, message_id: str, now: datetime) -> None:
    """Note that the channel took the message: it is never sent again."""
    _count_attempt(connection, message_id)
    _set(
        connection,
        message_id,
        state=DELIVERED,
        delivered_at=now,
        claimed_by=None,
        claimed_until=None,
        error=None,
    )


def refused(connection: Connection, message_id: str, reason: str) -> None:
    """Note that the channel did not take the message: it stays owed."""
    _count_attempt(connection, message_id)
    _set(connection, message_id, claimed_by=None, claimed_until=None, error=reason)


def owed(connection: Connection, provider: str, channels: Collection[str]) -> tuple[Waiting, ...]:
    """Say what these channels have not taken yet, by name; one that was taken away is left out."""
    query = (
        select(
            col(DeliveryRow.channel),
            func.count(col(DeliveryRow.message_id).distinct()),
            func.max(col(DeliveryRow.error)),
        )
        .join(FindingRow, col(FindingRow.id) == col(DeliveryRow.finding_id))
        .where(col(FindingRow.provider) == provider, col(DeliveryRow.state) == OWED)
        .where(col(DeliveryRow.channel).in_(sorted(channels)))
        .group_by(col(DeliveryRow.channel))
        .order_by(col(DeliveryRow.channel))
    )
    return tuple(Waiting(*row) for row in connection.execute(query))


def _set(connection: Connection, message_id: str, **values: object) -> None:
    connection.execute(
        update(DeliveryRow).where(col(DeliveryRow.message_id) == message_id).values(**values)
    )


def _count_attempt(connection: Connection, message_id: str) -> None:
    connection.execute(
        update(DeliveryRow)
        .where(col(DeliveryRow.message_id) == message_id)
        .values(attempts=DeliveryRow.attempts + 1)
    )
