"""Claim and update the pending messages of each channel.

A message is claimed before it is sent, so that two processes do not send it twice.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from sqlalchemy import ColumnElement, Connection, func, or_, select, update

from catalog.changes.finding import Finding
from catalog.changes.poll import Backlog
from catalog.store import tally
from catalog.store.changelog import FindingFilter, findings
from catalog.store.claims import is_held, owner, present
from catalog.store.record import PENDING, message_id
from catalog.store.tables import DeliveryRow, FindingRow, PollRow, col, plain, table_of

DELIVERED = "delivered"
GIVEN_UP = "given up"
CLAIM = timedelta(minutes=10)
LONGEST_PAUSE = timedelta(days=1)
LONGEST = timedelta(days=3)
"""The maximum wait by a digest, quiet hours or a retry."""


@dataclass(frozen=True, slots=True)
class PendingMessage:
    """One message to one channel, with the findings that the channel wants."""

    message_id: str
    channel: str
    provider: str
    findings: tuple[Finding, ...]
    attempts: int = 0


def due(connection: Connection, channels: Collection[str], now: datetime) -> frozenset[str]:
    """Return the channels with messages to send or to reschedule."""
    query = select(col(DeliveryRow.channel)).where(
        col(DeliveryRow.channel).in_(sorted(channels)), *_sendable(now)
    )
    early = select(col(DeliveryRow.channel)).where(
        col(DeliveryRow.channel).in_(sorted(channels)), *_from_future(now)
    )
    sendable = frozenset(connection.scalars(query.distinct())) - _paused(connection, now)
    return sendable | frozenset(connection.scalars(early.distinct()))


def _paused(connection: Connection, now: datetime) -> frozenset[str]:
    until = col(DeliveryRow.paused_until)
    # Longer pauses are ignored, because they come from a wrong clock.
    longest = now + LONGEST_PAUSE
    query = select(col(DeliveryRow.channel)).where(
        col(DeliveryRow.state) == PENDING, until > now, until <= longest
    )
    return frozenset(connection.scalars(query.distinct()))


def claim(
    connection: Connection, channel: str, now: datetime, *, together: bool = False
) -> PendingMessage | None:
    """Claim a channel's oldest due message that no other process sends.

    With `together`, all due messages that were never tried are joined into one first.
    """
    _restart_waits(connection, channel, now)
    if channel in _paused(connection, now):
        return None
    if together:
        _join(connection, channel, now)
    query = (
        select(
            col(DeliveryRow.message_id),
            col(FindingRow.provider),
            func.max(col(DeliveryRow.attempts)).label("attempts"),
            func.max(col(DeliveryRow.claimed_by)).label("claimed_by"),
            func.max(col(DeliveryRow.claimed_until)).label("claimed_until"),
        )
        .join(table_of(FindingRow), col(FindingRow.id) == col(DeliveryRow.finding_id))
        .where(col(DeliveryRow.channel) == channel, *_sendable(now))
        .group_by(col(DeliveryRow.message_id), col(FindingRow.provider))
        .order_by(func.min(col(DeliveryRow.id)))
    )
    at = present(connection, now)
    for row in connection.execute(query).all():
        if not is_held(row.claimed_by, row.claimed_until, CLAIM, at):
            # Claims are not in the tally, because they last only for a pass.
            _set(connection, [row.message_id], claimed_by=owner(), claimed_until=at.now + CLAIM)
            wanted = FindingFilter(row.provider, message=row.message_id)
            found = findings(connection, wanted)
            return PendingMessage(row.message_id, channel, row.provider, found, row.attempts)
    return None


def delivered(connection: Connection, message_id: str, now: datetime) -> None:
    """Mark a message as delivered. It is never sent again."""
    _attempted(connection, message_id, state=DELIVERED, error=None, delivered_at=now)


def refused(  # noqa: PLR0913  # one parameter for each column
    connection: Connection,
    message_id: str,
    reason: str,
    again: datetime,
    paused_until: datetime | None = None,
    *,
    since: datetime | None = None,
) -> None:
    """Keep a message pending and schedule its next attempt at `again`.

    No other message is sent to the channel until `paused_until`. `since` is the current time if
    both times count from it, or None if `again` is a time of day, such as the end of quiet hours.
    """
    values = {"next_at": again, "paused_until": paused_until, "waits_since": since}
    _attempted(connection, message_id, error=reason, **values)


def given_up(connection: Connection, message_id: str, reason: str) -> None:
    """Mark a message as given up. It is not retried automatically."""
    _attempted(connection, message_id, state=GIVEN_UP, error=reason)


def was_given_up(connection: Connection, channel: str) -> bool:
    """Return whether the last finished message of a channel was given up."""
    query = (
        select(col(DeliveryRow.state))
        .where(col(DeliveryRow.channel) == channel)
        .where(col(DeliveryRow.state).in_((DELIVERED, GIVEN_UP)))
        .order_by(col(DeliveryRow.id).desc())
        .limit(1)
    )
    return connection.scalar(query) == GIVEN_UP


def pending(
    connection: Connection, provider: str, channels: Collection[str] | None = None
) -> tuple[Backlog, ...]:
    """Return the pending messages of all channels, or of these."""
    query = (
        select(
            col(DeliveryRow.channel),
            func.count(col(DeliveryRow.message_id).distinct()),
            func.max(col(DeliveryRow.error)),
            func.min(col(DeliveryRow.next_at)),
            func.min(func.coalesce(col(DeliveryRow.next_at), col(PollRow.started_at))),
        )
        .join(table_of(FindingRow), col(FindingRow.id) == col(DeliveryRow.finding_id))
        .join(table_of(PollRow), col(PollRow.id) == col(FindingRow.poll_id))
        .where(col(FindingRow.provider) == provider, col(DeliveryRow.state) == PENDING)
        .group_by(col(DeliveryRow.channel))
        .order_by(col(DeliveryRow.channel))
    )
    if channels is not None:
        query = query.where(col(DeliveryRow.channel).in_(sorted(channels)))
    return tuple(Backlog(*row) for row in connection.execute(query))


def has_pending(connection: Connection, channels: Collection[str]) -> bool:
    """Return whether one of the channels has pending messages."""
    state, name = col(DeliveryRow.state), col(DeliveryRow.channel)
    query = select(col(DeliveryRow.id)).where(state == PENDING, name.in_(sorted(channels))).limit(1)
    return connection.scalar(query) is not None


def providers(connection: Connection, channel: str) -> tuple[str, ...]:
    """Return the providers with pending messages to a channel."""
    query = (
        select(col(FindingRow.provider))
        .join(table_of(DeliveryRow), col(FindingRow.id) == col(DeliveryRow.finding_id))
        .where(col(DeliveryRow.state) == PENDING, col(DeliveryRow.channel) == channel)
    )
    return tuple(sorted(set(connection.scalars(query.distinct()))))


def _sendable(now: datetime) -> tuple[ColumnElement[bool], ...]:
    next_at = col(DeliveryRow.next_at)
    # Later times are ignored, because they come from a wrong clock.
    is_due = or_(next_at.is_(None), next_at <= now, next_at > now + LONGEST)
    return col(DeliveryRow.state) == PENDING, is_due


def _from_future(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return col(DeliveryRow.state) == PENDING, col(DeliveryRow.waits_since) > now


def _restart_waits(connection: Connection, channel: str, now: datetime) -> None:
    """Restart the waits that began while the clock was ahead."""
    row = DeliveryRow
    query = select(
        col(row.message_id), col(row.next_at), col(row.paused_until), col(row.waits_since)
    ).where(col(row.channel) == channel, *_from_future(now))
    for each in connection.execute(query.distinct()).all():
        ahead = each.waits_since - now
        moments = {"next_at": each.next_at, "paused_until": each.paused_until}
        earlier = {name: moment and moment - ahead for name, moment in moments.items()}
        set_messages(connection, [each.message_id], **earlier, waits_since=now)


def _join(connection: Connection, channel: str, now: datetime) -> None:
    """Join due messages, except tried ones, because they may have arrived."""
    query = (
        select(col(DeliveryRow.message_id), col(FindingRow.provider))
        .join(table_of(FindingRow), col(FindingRow.id) == col(DeliveryRow.finding_id))
        .where(col(DeliveryRow.channel) == channel, *_sendable(now))
        .where(col(DeliveryRow.attempts) == 0, col(DeliveryRow.claimed_by).is_(None))
        .order_by(col(FindingRow.provider), col(DeliveryRow.id))
    )
    rows = connection.execute(query).all()
    for _, group in groupby(rows, key=lambda row: row.provider):
        ids = list(dict.fromkeys(row.message_id for row in group))
        if len(ids) > 1:
            set_messages(connection, ids, message_id=message_id(*ids))


def set_messages(connection: Connection, ids: Collection[str], **values: object) -> None:
    """Update messages and their tally."""
    of_message, execute = "message_id = :message", plain(connection)
    for each in ids:
        tally.subtract(execute, "delivery", of_message, {"message": each})
    _set(connection, ids, **values)
    now = [values["message_id"]] if "message_id" in values else ids
    for message in now:
        tally.add(execute, "delivery", of_message, {"message": message})


def _set(connection: Connection, ids: Collection[str], **values: object) -> None:
    messages = col(DeliveryRow.message_id).in_(sorted(ids))
    connection.execute(update(table_of(DeliveryRow)).where(messages).values(**values))


def _attempted(connection: Connection, message_id: str, **values: object) -> None:
    attempts = col(DeliveryRow.attempts) + 1
    free = {"claimed_by": None, "claimed_until": None}
    set_messages(connection, [message_id], attempts=attempts, **free, **values)
