"""List, retry and drop messages for users."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from catalog.changes.finding import Finding, severity
from catalog.core.errors import NotFound
from catalog.core.strict_json import cut
from catalog.store.changelog import FindingFilter, findings
from catalog.store.outbox import DELIVERED, GIVEN_UP, set_messages
from catalog.store.record import PENDING
from catalog.store.tables import DeliveryRow, FindingRow, PollRow, col, table_of

DROPPED = "dropped"
STATES = (PENDING, DELIVERED, GIVEN_UP, DROPPED)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to one channel, with its poll time and error."""

    message_id: str
    provider: str
    channel: str
    state: str
    findings: int
    at: datetime
    attempts: int
    next_at: datetime | None
    delivered_at: datetime | None
    error: str | None


def newest_first(
    connection: Connection, providers: Collection[str], states: Collection[str], limit: int
) -> tuple[Delivery, ...]:
    """Return messages in these states, newest first."""
    query = (
        select(
            col(DeliveryRow.message_id),
            col(FindingRow.provider),
            col(DeliveryRow.channel),
            col(DeliveryRow.state),
            func.count().label("findings"),
            func.min(col(PollRow.started_at)).label("at"),
            func.max(col(DeliveryRow.attempts)).label("attempts"),
            func.max(col(DeliveryRow.next_at)).label("next_at"),
            func.max(col(DeliveryRow.delivered_at)).label("delivered_at"),
            func.max(col(DeliveryRow.error)).label("error"),
        )
        .join(table_of(FindingRow), col(FindingRow.id) == col(DeliveryRow.finding_id))
        .join(table_of(PollRow), col(PollRow.id) == col(FindingRow.poll_id))
        .where(col(FindingRow.provider).in_(providers), col(DeliveryRow.state).in_(states))
        .group_by(
            col(DeliveryRow.message_id),
            col(FindingRow.provider),
            col(DeliveryRow.channel),
            col(DeliveryRow.state),
        )
        .order_by(func.max(col(DeliveryRow.id)).desc())
        .limit(limit)
    )
    rows: Iterable[Any] = connection.execute(query).mappings()
    return tuple(Delivery(**row) for row in rows)


def channels(connection: Connection, provider: str, state: str) -> dict[str, int]:
    """Return the number of messages in a state by channel."""
    query = (
        select(col(DeliveryRow.channel), func.count(col(DeliveryRow.message_id).distinct()))
        .join(table_of(FindingRow), col(FindingRow.id) == col(DeliveryRow.finding_id))
        .where(col(FindingRow.provider) == provider, col(DeliveryRow.state) == state)
        .group_by(col(DeliveryRow.channel))
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def findings_of(connection: Connection, name: str) -> tuple[Finding, ...]:
    """Return the findings of a message by the beginning of its id.

    They are sorted most severe first. Raise NotFound if there is not exactly one message.
    """
    query = (
        select(col(DeliveryRow.message_id), col(FindingRow.provider))
        .join(table_of(FindingRow), col(FindingRow.id) == col(DeliveryRow.finding_id))
        .where(col(DeliveryRow.message_id).startswith(name, autoescape=True))
        .distinct()
        .limit(2)
    )
    rows = connection.execute(query).all()
    if len(rows) != 1:
        number = "several message ids begin" if rows else "no message id begins"
        raise NotFound(f"{number} with {cut(name, 60)!r}", hint="`catalog alerts` lists messages.")
    ((message, provider),) = rows
    return tuple(
        sorted(findings(connection, FindingFilter(provider, message=message)), key=severity)
    )


def retry(connection: Connection, names: Collection[str]) -> int:
    """Make pending and given-up messages due now, and return their number.

    Each name is a channel or the beginning of a message id. Without names, every message is
    retried. A pause that a receiver asked for ends for its channel. Raise NotFound for a name
    without match.
    """
    channels = _chosen(connection, names)
    set_messages(connection, sorted(channels), state=PENDING, next_at=None, attempts=0)
    row = DeliveryRow
    query = select(col(row.message_id)).where(
        col(row.state) == PENDING,
        col(row.paused_until).is_not(None),
        col(row.channel).in_(sorted(set(channels.values()))),
    )
    set_messages(connection, sorted(set(connection.scalars(query))), paused_until=None)
    return len(channels)


def drop(connection: Connection, names: Collection[str]) -> int:
    """Mark pending and given-up messages as dropped, and return their number."""
    messages = sorted(_chosen(connection, names))
    set_messages(connection, messages, state=DROPPED, next_at=None)
    return len(messages)


def _chosen(connection: Connection, names: Collection[str]) -> dict[str, str]:
    """Return the pending and given-up messages of these names, with their channels."""
    query = select(col(DeliveryRow.message_id), col(DeliveryRow.channel)).distinct()
    states = col(DeliveryRow.state).in_((PENDING, GIVEN_UP))
    rows = connection.execute(query.where(states)).all()
    for name in names:
        if not any(_fits(row, name) for row in rows):
            hint = "`catalog alerts` lists channels and messages."
            raise NotFound(f"no pending or given-up message matches {name!r}", hint=hint)
    return {
        row.message_id: row.channel
        for row in rows
        if not names or any(_fits(row, name) for name in names)
    }


def _fits(row: Any, name: str) -> bool:
    channel = row.channel == name or row.channel.startswith(f"{name}/")
    return channel or (name.startswith("msg_") and row.message_id.startswith(name))
