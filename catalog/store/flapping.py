"""What moved before, by place: what flapping is told from."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, Select, func, select
from sqlmodel import col

from catalog.change import Removed, Restored, Updated
from catalog.flapping import AWAY, DAMPED, LISTED, Move
from catalog.jsontext import JsonText
from catalog.store.tables import ChangeRow, FindingRow, ModelVersionRow, PollRow

_SIDES = {Removed.kind: (LISTED, AWAY), Restored.kind: (AWAY, LISTED)}


def since(connection: Connection, provider: str, moment: datetime) -> tuple[Move, ...]:
    """Return the moves after a moment, oldest first."""
    return _moves(connection, _stored(provider).where(_last_poll(provider, moment) < _POLL))


def of_models(connection: Connection, provider: str, keys: Collection[str]) -> tuple[Move, ...]:
    """Return all moves of some models, oldest first."""
    of_keys = col(ModelVersionRow.key).in_(keys)
    return _moves(connection, _stored(provider).where(of_keys))


def damped(
    connection: Connection, provider: str, after: datetime, until: datetime
) -> frozenset[str]:
    """Return the keys of models of which a move within that time was not told."""
    query = (
        select(col(ModelVersionRow.key))
        .join(ChangeRow, col(ChangeRow.version_id) == col(ModelVersionRow.id))
        .join(FindingRow, col(FindingRow.id) == col(ChangeRow.finding_id))
        .where(col(FindingRow.provider) == provider, col(FindingRow.rule) == DAMPED)
        .where(_last_poll(provider, after) < _POLL, _last_poll(provider, until) >= _POLL)
    )
    return frozenset(connection.scalars(query))


_POLL = col(FindingRow.poll_id)


def _last_poll(provider: str, moment: datetime) -> object:
    """Find the last poll up to a moment, from the newest backwards; 0 where there is none."""
    newest = (
        select(col(PollRow.id))
        .where(col(PollRow.provider) == provider, col(PollRow.started_at) <= moment)
        .order_by(col(PollRow.id).desc())
        .limit(1)
    )
    return func.coalesce(newest.scalar_subquery(), 0)


def _stored(provider: str) -> Select[tuple[object, ...]]:
    names = ("kind", "field", "before", "after")
    return (
        select(
            *(col(getattr(ChangeRow, name)) for name in names),
            col(ModelVersionRow.key),
            col(FindingRow.rule),
            col(PollRow.started_at),
        )
        .join(FindingRow, col(FindingRow.id) == col(ChangeRow.finding_id))
        .join(PollRow, col(PollRow.id) == col(FindingRow.poll_id))
        .join(ModelVersionRow, col(ModelVersionRow.id) == col(ChangeRow.version_id))
        .where(col(FindingRow.provider) == provider)
        .where(col(ChangeRow.kind).in_((Updated.kind, *_SIDES)))
        .order_by(col(ChangeRow.id))
    )


def _moves(connection: Connection, query: Select[tuple[object, ...]]) -> tuple[Move, ...]:
    found = []
    for row in connection.execute(query):
        before, after = _SIDES.get(row.kind, (row.before, row.after))
        place = (row.key, row.field)
        found.append(Move(place, _text(before), _text(after), row.started_at, row.rule))
    return tuple(found)


def _text(value: str | None) -> JsonText | None:
    return None if value is None else JsonText(value)
