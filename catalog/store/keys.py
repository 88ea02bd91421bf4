"""Read which models a provider lists or ever listed, without their facts."""

from sqlalchemy import Connection, select

from catalog.core.snapshot import key_order
from catalog.store.tables import ModelVersionRow, SnapshotRow, col


def model_count(connection: Connection, number: int) -> int:
    """Return how many models a snapshot lists."""
    query = select(col(SnapshotRow.model_count)).where(col(SnapshotRow.id) == number)
    return connection.scalar(query) or 0


def every_key(connection: Connection, provider: str) -> tuple[str, ...]:
    """Return every key that a provider ever listed, in key order."""
    key = col(ModelVersionRow.key)
    query = select(key).where(col(ModelVersionRow.provider) == provider).distinct()
    return tuple(sorted(connection.scalars(query), key=key_order))
