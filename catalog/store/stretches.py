"""Read the stretches of each model: times without a change."""

from collections.abc import Iterator

from sqlalchemy import Connection, func, select

from catalog.core.snapshot import Stretch
from catalog.store.history import MODEL_COLUMNS, to_model
from catalog.store.tables import MODEL_VERSION, SNAPSHOT


def stretches(connection: Connection, provider: str) -> Iterator[Stretch]:
    """Yield every stretch of every model that a provider ever listed."""
    first, last = SNAPSHOT.alias(), SNAPSHOT.alias()
    query = (
        select(*MODEL_COLUMNS, first.c.taken_at.label("since"), last.c.taken_at.label("until"))
        .join(first, first.c.id == MODEL_VERSION.c.first_snapshot)
        .outerjoin(last, last.c.id == MODEL_VERSION.c.last_snapshot)
        .where(MODEL_VERSION.c.provider == provider)
        .order_by(MODEL_VERSION.c.id)
    )
    for row in connection.execute(query):
        yield Stretch(to_model(row), row.since, row.until)


def names_of_others(connection: Connection, provider: str) -> Iterator[tuple[str, str, str]]:
    """Yield the provider, name and newest facts of other providers' models."""
    newest = (
        select(func.max(MODEL_VERSION.c.id))
        .where(MODEL_VERSION.c.provider != provider)
        .group_by(MODEL_VERSION.c.provider, MODEL_VERSION.c.name)
    )
    query = (
        select(*(MODEL_VERSION.c[name] for name in ("provider", "name", "facts")))
        .where(MODEL_VERSION.c.id.in_(newest))
        .order_by(MODEL_VERSION.c.id)
    )
    yield from (tuple(row) for row in connection.execute(query))
