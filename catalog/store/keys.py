"""Read snapshots and keys without the facts of models."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Row, func, select

from catalog.core.snapshot import key_order
from catalog.store.history import Head
from catalog.store.tables import ModelVersionRow, SnapshotRow, col, table_of


def model_count(connection: Connection, number: int) -> int:
    """Return how many models a snapshot lists."""
    query = select(col(SnapshotRow.model_count)).where(col(SnapshotRow.id) == number)
    return connection.scalar(query) or 0


def first_heads(connection: Connection, providers: Collection[str]) -> tuple[Head, ...]:
    """Return the first snapshot of each provider that has one, by provider."""
    first = (
        select(func.min(col(SnapshotRow.id)))
        .where(col(SnapshotRow.provider).in_(providers))
        .group_by(col(SnapshotRow.provider))
    )
    query = select(table_of(SnapshotRow)).where(col(SnapshotRow.id).in_(first))
    return tuple(map(_head, connection.execute(query.order_by(col(SnapshotRow.provider)))))


def newest_heads(
    connection: Connection, providers: Collection[str], before: int, size: int
) -> tuple[Head, ...]:
    """Return at most `size` snapshots with lower numbers than `before`, newest first.

    0 means the newest ones.
    """
    number = col(SnapshotRow.id)
    query = select(table_of(SnapshotRow)).where(col(SnapshotRow.provider).in_(providers))
    older = query.where(before > number) if before else query
    return tuple(map(_head, connection.execute(older.order_by(number.desc()).limit(size))))


def _head(row: Row[*tuple[Any, ...]]) -> Head:
    return Head(row.id, row.provider, row.taken_at, row.digest, row.model_count)


def every_key(connection: Connection, provider: str) -> tuple[str, ...]:
    """Return every key that a provider ever listed, in key order."""
    key = col(ModelVersionRow.key)
    query = select(key).where(col(ModelVersionRow.provider) == provider).distinct()
    return tuple(sorted(connection.scalars(query), key=key_order))


def is_key(connection: Connection, provider: str, key: str) -> bool:
    """Return whether a provider ever listed a model with this key."""
    query = select(col(ModelVersionRow.id)).where(
        col(ModelVersionRow.provider) == provider, col(ModelVersionRow.key) == key
    )
    return connection.scalar(query.limit(1)) is not None


def every_name(connection: Connection, provider: str) -> dict[str, str]:
    """Return the key of every name that a provider ever listed.

    If a name is reused, the key is that of the newest model.
    """
    key, name = col(ModelVersionRow.key), col(ModelVersionRow.name)
    newest = func.max(col(ModelVersionRow.first_snapshot))
    query = select(name, key).where(col(ModelVersionRow.provider) == provider)
    rows = connection.execute(query.group_by(name, key).order_by(newest))
    return {row.name: row.key for row in rows}
