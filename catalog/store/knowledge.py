"""All that the store knows of every model at once: its stretches, the last calls, the notes."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from catalog.core.snapshot import Model
from catalog.store.history import MODEL_COLUMNS, to_model
from catalog.store.tables import ModelVersionRow, NoteRow, ProbeRow, SnapshotRow, col, table_of


class Stored(NamedTuple):
    """One stretch over which a model did not change; `until` is None while it lasts."""

    model: Model
    since: datetime
    until: datetime | None


class Called(NamedTuple):
    """The last believed verdict on one name and route, and the provider's own words."""

    name: str
    verdict: str
    at: datetime
    said: str | None


class Note(NamedTuple):
    """The newest note of one model."""

    key: str
    retires: date | None
    successor: str | None
    source: str | None


def stretches(connection: Connection, provider: str) -> Iterator[Stored]:
    """Yield every stretch of every model that a provider ever listed."""
    first, last = table_of(SnapshotRow).alias(), table_of(SnapshotRow).alias()
    query = (
        select(*MODEL_COLUMNS, first.c.taken_at.label("since"), last.c.taken_at.label("until"))
        .join(first, first.c.id == col(ModelVersionRow.first_snapshot))
        .outerjoin(last, last.c.id == col(ModelVersionRow.last_snapshot))
        .where(col(ModelVersionRow.provider) == provider)
        .order_by(col(ModelVersionRow.id))
    )
    for row in connection.execute(query):
        yield Stored(to_model(row), row.since, row.until)


def calls(connection: Connection, provider: str) -> Iterator[Called]:
    """Yield the last believed verdict on every name and route that was ever called."""
    newest = (
        select(func.max(col(ProbeRow.id)))
        .where(col(ProbeRow.provider) == provider, col(ProbeRow.believed).is_(True))
        .group_by(col(ProbeRow.name), col(ProbeRow.route))
    )
    query = select(
        col(ProbeRow.name), col(ProbeRow.verdict), col(ProbeRow.at), col(ProbeRow.said)
    ).where(col(ProbeRow.id).in_(newest))
    for row in connection.execute(query.order_by(col(ProbeRow.id))):
        yield Called(*row)


def notes(connection: Connection, provider: str) -> Iterator[Note]:
    """Yield the newest note of every model that has one."""
    newest = (
        select(func.max(col(NoteRow.id)))
        .where(col(NoteRow.provider) == provider)
        .group_by(col(NoteRow.key))
    )
    query = select(
        col(NoteRow.key), col(NoteRow.retires), col(NoteRow.successor), col(NoteRow.source)
    ).where(col(NoteRow.id).in_(newest))
    for row in connection.execute(query):
        yield Note(*row)
