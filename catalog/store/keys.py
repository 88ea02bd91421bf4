"""Read snapshots and keys without the facts of models."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Row, func, select

from catalog.core.snapshot import key_order
from catalog.store.history import Head
from catalog.store.tables import MODEL_VERSION, SNAPSHOT


def model_count(connection: Connection, number: int) -> int:
    """Return how many models a snapshot lists."""
    query = select(SNAPSHOT.c.model_count).where(SNAPSHOT.c.id == number)
    return connection.scalar(query) or 0


def first_heads(connection: Connection, providers: Collection[str]) -> tuple[Head, ...]:
    """Return the first snapshot of each provider that has one, by provider."""
    first = (
        select(func.min(SNAPSHOT.c.id))
        .where(SNAPSHOT.c.provider.in_(providers))
        .group_by(SNAPSHOT.c.provider)
    )
    query = select(SNAPSHOT).where(SNAPSHOT.c.id.in_(first))
    return tuple(map(_head, connection.execute(query.order_by(SNAPSHOT.c.provider))))


def newest_heads(
    connection: Connection, providers: Collection[str], before: int, size: int
) -> tuple[Head, ...]:
    """Return at most `size` snapshots with lower numbers than `before`, newest first.

    0 means the newest ones.
    """
    number = SNAPSHOT.c.id
    query = select(SNAPSHOT).where(SNAPSHOT.c.provider.in_(providers))
    older = query.where(before > number) if before else query
    return tuple(map(_head, connection.execute(older.order_by(number.desc()).limit(size))))


def _head(row: Row[*tuple[Any, ...]]) -> Head:
    return Head(row.id, row.provider, row.taken_at, row.digest, row.model_count)


def every_key(connection: Connection, provider: str) -> tuple[str, ...]:
    """Return every key that a provider ever listed, in key order."""
    key = MODEL_VERSION.c.key
    query = select(key).where(MODEL_VERSION.c.provider == provider).distinct()
    return tuple(sorted(connection.scalars(query), key=key_order))


def every_name(connection: Connection, provider: str) -> dict[str, str]:
    """Return the key of every name that a provider ever listed.

    If a name is reused, the key is that of the newest model.
    """
    key, name = MODEL_VERSION.c.key, MODEL_VERSION.c.name
    newest = func.max(MODEL_VERSION.c.first_snapshot)
    query = select(name, key).where(MODEL_VERSION.c.provider == provider)
    rows = connection.execute(query.group_by(name, key).order_by(newest))
    return {row.name: row.key for row in rows}
