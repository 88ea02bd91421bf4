"""Find models that a provider listed in one answer only."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from catalog.store.history import ACCEPTED
from catalog.store.moves import MANY
from catalog.store.tables import ModelVersionRow, PollRow, SnapshotRow, col, table_of


def listed_once(
    connection: Connection, provider: str, until: Mapping[str, datetime], longest: timedelta
) -> frozenset[str]:
    """Return the models that only one answer listed.

    `until` maps each missing model to the time of the first answer without it. Models of the
    first stored answer are excluded, because they may have been listed for years.
    """
    begun = select(func.min(col(SnapshotRow.taken_at))).where(col(SnapshotRow.provider) == provider)
    first = _first_listed(connection, provider, sorted(until))
    known = connection.scalar(begun)
    spans = {(first[key], end) for key, end in until.items() if first.get(key, known) != known}
    once = {
        (begin, end)
        for begin, end in spans
        if end - begin <= longest and _answers(connection, provider, begin, end) == 1
    }
    return frozenset(key for key, end in until.items() if (first.get(key), end) in once)


def _first_listed(connection: Connection, provider: str, keys: list[str]) -> dict[str, datetime]:
    found: dict[str, datetime] = {}
    for start in range(0, len(keys), MANY):
        some = keys[start : start + MANY]
        query = (
            select(col(ModelVersionRow.key), func.min(col(SnapshotRow.taken_at)))
            .join(table_of(SnapshotRow), col(SnapshotRow.id) == col(ModelVersionRow.first_snapshot))
            .where(col(ModelVersionRow.provider) == provider, col(ModelVersionRow.key).in_(some))
            .group_by(col(ModelVersionRow.key))
        )
        found |= {row[0]: row[1] for row in connection.execute(query)}
    return found


def _answers(connection: Connection, provider: str, begin: datetime, end: datetime) -> int:
    query = (
        select(func.count())
        .select_from(table_of(PollRow))
        .where(col(PollRow.provider) == provider, col(PollRow.outcome).in_(ACCEPTED))
        .where(col(PollRow.started_at) >= begin, col(PollRow.started_at) < end)
    )
    return connection.scalar(query) or 0
