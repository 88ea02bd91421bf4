"""Read the stretches of time over which each model did not change."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, select

from catalog.core.snapshot import Model
from catalog.store.history import MODEL_COLUMNS, to_model
from catalog.store.tables import ModelVersionRow, SnapshotRow, col, table_of


class Stored(NamedTuple):
    """One stretch over which a model did not change; `until` is None while it lasts."""

    model: Model
    since: datetime
    until: datetime | None


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
