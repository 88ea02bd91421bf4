"""Read the stretches of time over which each model did not change."""

from collections.abc import Iterator

from sqlalchemy import Connection, select

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
