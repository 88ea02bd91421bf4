"""Read earlier moves by place, to find flapping values."""

from collections.abc import Collection, Iterable
from datetime import datetime
from functools import cache
from operator import attrgetter
from typing import Any

from sqlalchemy import BindParameter, Connection, Select, bindparam, exists, func, select

from catalog.changes.change import Removed, Restored, Updated
from catalog.changes.flapping import AWAY, DAMPED, LISTED, WAITING, Move
from catalog.core.strict_json import JsonText
from catalog.store.tables import (
    ChangeRow,
    FindingRow,
    ModelVersionRow,
    PollRow,
    col,
    fixed,
    table_of,
)

MANY = 500
"""The maximum number of keys in a query, because databases limit lists."""
_KINDS = (Updated.kind, Removed.kind, Restored.kind)
_SIDES = {Removed.kind: (LISTED, AWAY), Restored.kind: (AWAY, LISTED)}


def since(
    connection: Connection, provider: str, moment: datetime, keys: Collection[str]
) -> tuple[Move, ...]:
    """Return moves of some models after a time, oldest first.

    If there are too many keys, moves of all models are returned.
    """
    values: dict[str, Any] = {"provider": provider, "after": moment}
    if len(keys) > MANY:
        return _moves(connection.execute(_since_query(), values))
    rows = connection.execute(_since_query_of_some(), values | {"keys": sorted(keys)})
    return _moves(sorted(rows, key=attrgetter("number")))


def of_models(connection: Connection, provider: str, keys: Collection[str]) -> tuple[Move, ...]:
    """Return all moves of some models, oldest first."""
    query = _stored().where(col(ModelVersionRow.key).in_(keys))
    return _moves(connection.execute(query, {"provider": provider}))


def open_since(connection: Connection, provider: str, after: datetime) -> tuple[Move, ...]:
    """Return the damped and implausible moves after a time.

    Only the last move of each place is returned.
    """
    rows = connection.execute(_open_query(), {"provider": provider, "after": after})
    return _moves(sorted(rows, key=attrgetter("number")))


_POLL = col(FindingRow.poll_id)


@cache
def _since_query() -> Select[tuple[object, ...]]:
    return _stored().where(_last_poll("after") < _POLL)


@cache
def _since_query_of_some() -> Select[tuple[object, ...]]:
    keys: BindParameter[str] = bindparam("keys", expanding=True)
    of_provider = col(ModelVersionRow.provider) == bindparam("provider")
    return _unsorted(_since_query()).where(of_provider, col(ModelVersionRow.key).in_(keys))


def _unsorted(moves: Select[tuple[object, ...]]) -> Select[tuple[object, ...]]:
    """Select unordered moves, because sorting reads the whole table."""
    return moves.order_by(None).add_columns(col(ChangeRow.id).label("number"))


@cache
def _open_query() -> Select[tuple[object, ...]]:
    later, of_later = table_of(ChangeRow).alias(), table_of(ModelVersionRow).alias()
    followed = exists(1).where(
        of_later.c.provider == bindparam("provider"),
        of_later.c.key == col(ModelVersionRow.key),
        later.c.version_id == of_later.c.id,
        later.c.kind.in_([*map(fixed, _KINDS)]),
        later.c.field.is_not_distinct_from(col(ChangeRow.field)),
        later.c.id > col(ChangeRow.id),
    )
    number = col(FindingRow.id)
    # A list of ids is used, because otherwise SQLite reads the whole table of changes.
    is_open = col(FindingRow.rule).in_([*map(fixed, (DAMPED, *sorted(WAITING)))])
    of_provider = col(FindingRow.provider) == bindparam("provider")
    recent = select(number).where(of_provider, _last_poll("after") < _POLL, is_open)
    return _unsorted(_stored()).where(col(ChangeRow.finding_id).in_(recent), ~followed)


def _last_poll(moment: str) -> object:
    newest = (
        select(col(PollRow.id))
        .where(col(PollRow.provider) == bindparam("provider"))
        .where(col(PollRow.started_at) <= bindparam(moment))
        .order_by(col(PollRow.id).desc())
        .limit(1)
    )
    return func.coalesce(newest.scalar_subquery(), 0)


@cache
def _stored() -> Select[tuple[object, ...]]:
    names = ("kind", "field", "before", "after")
    return (
        select(
            *(col(getattr(ChangeRow, name)) for name in names),
            col(ModelVersionRow.key),
            col(FindingRow.rule),
            col(PollRow.started_at),
        )
        .join(table_of(FindingRow), col(FindingRow.id) == col(ChangeRow.finding_id))
        .join(table_of(PollRow), col(PollRow.id) == col(FindingRow.poll_id))
        .join(table_of(ModelVersionRow), col(ModelVersionRow.id) == col(ChangeRow.version_id))
        .where(col(FindingRow.provider) == bindparam("provider"))
        .where(col(ChangeRow.kind).in_([*map(fixed, _KINDS)]))
        .order_by(col(ChangeRow.id))
    )


def _moves(rows: Iterable[Any]) -> tuple[Move, ...]:
    found = []
    for row in rows:
        before, after = _SIDES.get(row.kind, (row.before, row.after))
        place = (row.key, row.field)
        found.append(Move(place, _text(before), _text(after), row.started_at, row.rule))
    return tuple(found)


def _text(value: str | None) -> JsonText | None:
    return None if value is None else JsonText(value)
