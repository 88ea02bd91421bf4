"""Read recorded polls and their answers."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Executable, Row, bindparam, func, or_, select

from catalog.changes.health import Unwell
from catalog.changes.poll import TROUBLE_OF, Outcome
from catalog.store.changelog import reported_troubles
from catalog.store.history import ACCEPTED
from catalog.store.tables import (
    MissingModelRow,
    ModelVersionRow,
    PayloadRow,
    PollRow,
    col,
    table_of,
)
from catalog.store.text_values import to_outcome

_ANSWER = ("started_at", "outcome", "payload_sha256")


@dataclass(frozen=True, slots=True)
class Answered:
    """A poll with an answer, and the SHA-256 of the body."""

    at: datetime
    outcome: Outcome
    sha256: str


def answered(connection: Connection, provider: str) -> Iterator[Answered]:
    """Yield the polls with an answer, oldest first."""
    query = (
        select(*(col(getattr(PollRow, name)) for name in _ANSWER))
        .where(col(PollRow.provider) == provider, col(PollRow.outcome) != str(Outcome.FAILED))
        .order_by(col(PollRow.id))
    )
    accepted = ""
    for row in connection.execute(query):
        # An unchanged poll stores no digest, because that saves space.
        sha256 = row.payload_sha256 or accepted
        if row.outcome in ACCEPTED:
            accepted = sha256
        yield Answered(row.started_at, to_outcome(row.outcome), sha256)


def bodies(connection: Connection) -> frozenset[str]:
    """Return the SHA-256 of every body that is still stored."""
    stored = select(col(PayloadRow.sha256)).where(col(PayloadRow.body).is_not(None))
    return frozenset(connection.scalars(stored))


@dataclass(frozen=True, slots=True)
class PastPoll:
    """A recorded poll.

    `snapshot` is the number of the current snapshot after it. `candidate` identifies the missing
    models of a held poll (see `Snapshot.lacking`).
    """

    number: int
    provider: str
    started_at: datetime
    duration_ms: int
    outcome: Outcome
    http_status: int | None
    snapshot: int | None
    candidate: str | None
    error: str | None


def newest_first(
    connection: Connection,
    provider: str,
    limit: int | None = None,
    *conditions: ColumnElement[bool],
) -> Iterator[PastPoll]:
    """Yield recorded polls, newest first."""
    query = (
        select(table_of(PollRow))
        .where(col(PollRow.provider) == provider, *conditions)
        .order_by(col(PollRow.id).desc())
        .limit(limit)
    )
    return map(_past, connection.execute(query))


def _past(row: Row[*tuple[Any, ...]]) -> PastPoll:
    return PastPoll(
        number=row.id,
        provider=row.provider,
        started_at=row.started_at,
        duration_ms=row.duration_ms,
        outcome=to_outcome(row.outcome),
        http_status=row.http_status,
        snapshot=row.snapshot_id,
        candidate=row.candidate,
        error=row.error,
    )


def newest(connection: Connection, provider: str) -> PastPoll | None:
    """Return the last recorded poll, or None."""
    row = connection.execute(_newest_query(), {"provider": provider}).first()
    return None if row is None else _past(row)


def newest_answered(connection: Connection, last: PastPoll) -> PastPoll | None:
    """Return the newest poll with an answer, or None."""
    if last.outcome is not Outcome.FAILED:
        return last
    answered = col(PollRow.outcome) != str(Outcome.FAILED)
    return next(newest_first(connection, last.provider, 1, answered), None)


@cache
def _newest_query() -> Executable:
    polls = table_of(PollRow)
    of_provider = polls.c.provider == bindparam("provider")
    return select(polls).where(of_provider).order_by(polls.c.id.desc()).limit(1)


def unwell(connection: Connection, provider: str) -> Unwell:
    """Return the problems since the last accepted poll, and the reported ones."""
    before = newest(connection, provider)
    if before is not None and before.outcome in ACCEPTED:  # the usual case needs no query
        return Unwell(accepted_at=before.started_at)
    accepted = col(PollRow.outcome).in_(ACCEPTED)
    last = next(newest_first(connection, provider, 1, accepted), None)
    number, accepted_at = (last.number, last.started_at) if last else (0, None)
    query = (
        select(
            col(PollRow.outcome),
            func.min(col(PollRow.started_at)).label("since"),
            func.max(col(PollRow.id)).label("newest"),
        )
        .where(col(PollRow.provider) == provider, col(PollRow.id) > number)
        .group_by(col(PollRow.outcome))
    )
    problems = {to_outcome(row.outcome): row for row in connection.execute(query)}
    if not problems:
        return Unwell(accepted_at=accepted_at)
    answered = max(
        (row.newest for key, row in problems.items() if key != Outcome.FAILED), default=number
    )
    return Unwell(
        since={TROUBLE_OF[outcome]: row.since for outcome, row in problems.items()},
        reported=reported_troubles(connection, provider, number),
        failures=_count_since(connection, provider, answered),
        accepted_at=accepted_at,
    )


def held_in_a_row(
    connection: Connection, provider: str, candidate: str, now: datetime, apart: timedelta
) -> tuple[int, datetime | None]:
    """Count the held polls in a row that lack the same models.

    Failed polls are ignored. A poll is not counted if the next one began less than `apart` later.
    Also return the start of the last poll that began at least `apart` after the previous such poll.
    """
    answered = col(PollRow.outcome) != str(Outcome.FAILED)
    held = (col(PollRow.outcome) == str(Outcome.HELD)) & (col(PollRow.candidate) == candidate)
    other = next(newest_first(connection, provider, 1, answered, ~held), None)
    since = 0 if other is None else other.number
    in_a_row = newest_first(connection, provider, None, held, col(PollRow.id) > since)
    starts = [poll.started_at for poll in in_a_row]
    count, later = 0, now
    for start in starts:
        if later - start >= apart:
            count, later = count + 1, start
    last: datetime | None = None
    for start in reversed(starts):
        if last is None or start - last >= apart:
            last = start
    return count, last


def missing_from(connection: Connection, poll: PastPoll) -> tuple[str, ...]:
    """Return the names of the models that a held answer lacks, sorted."""
    same = select(func.max(col(PollRow.id))).where(
        col(PollRow.provider) == poll.provider,
        col(PollRow.candidate) == poll.candidate,
        col(PollRow.id) <= poll.number,
        col(PollRow.id).in_(select(col(MissingModelRow.poll_id))),
    )
    version = ModelVersionRow
    query = (
        select(col(version.name))
        .join(table_of(MissingModelRow), col(MissingModelRow.key) == col(version.key))
        .where(
            col(version.provider) == poll.provider,
            col(version.first_snapshot) <= poll.snapshot,
            or_(col(version.last_snapshot).is_(None), col(version.last_snapshot) > poll.snapshot),
            col(MissingModelRow.poll_id) == same.scalar_subquery(),
        )
    )
    return tuple(sorted(connection.scalars(query)))


def outcomes(connection: Connection, provider: str) -> dict[datetime, Outcome]:
    """Return the outcomes of polls by start time.

    Of two polls with the same start time, the later row is returned.
    """
    polls = [*newest_first(connection, provider)]
    return {poll.started_at: poll.outcome for poll in reversed(polls)}


def _count_since(connection: Connection, provider: str, number: int) -> int:
    query = select(func.count()).where(col(PollRow.provider) == provider, col(PollRow.id) > number)
    return connection.scalar(query) or 0
