"""Read the stretches of each model: times without a change."""

from collections.abc import Iterator

from sqlalchemy import Connection, func, select

from catalog.core.snapshot import Stretch
from catalog.store.history import MODEL_COLUMNS, to_model
from catalog.store.tables import ModelVersionRow, SnapshotRow, col, table_of


def stretches(connection: Connection, provider: str) -> Iterator[Stretch]:
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
        yield Stretch(to_model(row), row.since, row.until)


def names_of_others(connection: Connection, provider: str) -> Iterator[tuple[str, str, str]]:
    """Yield the provider, name and newest facts of other providers' models."""
    newest = (
        select(func.max(col(ModelVersionRow.id)))
        .where(col(ModelVersionRow.provider) != provider)
        .group_by(col(ModelVersionRow.provider), col(ModelVersionRow.name))
    )
    query = (
        select(*(col(getattr(ModelVersionRow, name)) for name in ("provider", "name", "facts")))
        .where(col(ModelVersionRow.id).in_(newest))
        .order_by(col(ModelVersionRow.id))
    )
    yield from (tuple(row) for row in connection.execute(query))
