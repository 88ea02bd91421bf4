"""Read the evidence about ends of models: notes, refusals, reports."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any, cast

from sqlalchemy import ColumnElement, Connection, Executable, Row, bindparam, func, select

from catalog.changes.announced import Reads, announcements
from catalog.changes.change import Cancelled, EndChange, Retiring
from catalog.changes.finding import Delisted
from catalog.changes.forecast import End, Evidence, LastReport, Note, Proof, ends
from catalog.changes.rules import Lifecycle
from catalog.core.snapshot import Model, Snapshot
from catalog.store import tables, tally
from catalog.store.changelog import CHANGE_COLUMNS, to_change
from catalog.store.history import MODEL_COLUMNS, to_model
from catalog.store.tables import (
    ChangeRow,
    FindingRow,
    ModelVersionRow,
    NoteRow,
    PollRow,
    ProbeRow,
    col,
    table_of,
)

_FIELDS = ("key", "noted_at", "retires", "successor", "source")
_COLUMNS = tuple(col(getattr(NoteRow, name)) for name in _FIELDS)


def write(connection: Connection, provider: str, note: Note) -> None:
    """Store a note. It replaces earlier notes of that model."""
    values = {name: getattr(note, name) for name in _FIELDS}
    number = tables.write(connection, NoteRow, provider=provider, **values)
    tally.add(tables.plain(connection), "note", "id = :number", {"number": number})


def newest(connection: Connection, provider: str) -> dict[str, Note]:
    """Return the newest note of each model by key, including withdrawals."""
    rows = connection.execute(_newest_query(), {"provider": provider})
    return {row.key: _note(row) for row in rows}


@cache
def _newest_query() -> Executable:
    last = (
        select(func.max(col(NoteRow.id)))
        .where(col(NoteRow.provider) == bindparam("provider"))
        .group_by(col(NoteRow.key))
    )
    return select(*_COLUMNS).where(col(NoteRow.id).in_(last))


def every(connection: Connection, provider: str) -> tuple[Note, ...]:
    """Return all notes, oldest first."""
    query = select(*_COLUMNS).where(col(NoteRow.provider) == provider).order_by(col(NoteRow.id))
    return tuple(map(_note, connection.execute(query)))


def _note(row: Row[*tuple[Any, ...]]) -> Note:
    return Note(**{name: getattr(row, name) for name in _FIELDS})


REFUSED = "refused"
_NAME, _ROUTE, _ID = col(ProbeRow.name), col(ProbeRow.route), col(ProbeRow.id)


def known(
    connection: Connection,
    state: Snapshot,
    gone: Sequence[Delisted],
    lifecycle: Lifecycle | None,
    reads: Reads,
) -> tuple[tuple[End, ...], Evidence]:
    """Return every model with an end in key order, and the evidence.

    `state` and `gone` are the listed and removed models of one snapshot. Notes and refusals are the
    newest ones. `reads` returns the end of a model that the list announces.
    """
    stated = announcements((*(each.model for each in gone), *state.models), reads)
    found = replace(evidence(connection, state.provider, gone), stated=stated)
    return ends({each.model.key: each for each in gone}, found, lifecycle), found


def evidence(connection: Connection, provider: str, gone: Iterable[Delisted]) -> Evidence:
    """Return the evidence about these models and all noted ones."""
    noted = newest(connection, provider)
    listed = _listed(connection, provider, noted.keys()) if noted else {}
    names = {each.model.key: each.model.name for each in gone}
    names |= {key: model.name for key, model in listed.items()}
    return Evidence(
        notes=noted,
        proofs=_proofs(connection, provider, names.keys()) if names else {},
        noted=listed,
    )


def _listed(connection: Connection, provider: str, keys: Collection[str]) -> dict[str, Model]:
    query = select(*MODEL_COLUMNS).where(
        col(ModelVersionRow.provider) == provider,
        col(ModelVersionRow.key).in_(keys),
        col(ModelVersionRow.last_snapshot).is_(None),
    )
    return {row.key: to_model(row) for row in connection.execute(query)}


def reports(connection: Connection, provider: str) -> dict[str, LastReport]:
    """Return the newest report of each end that is not cancelled."""
    query = (
        select(*CHANGE_COLUMNS, col(PollRow.started_at))
        .join(table_of(FindingRow), col(FindingRow.id) == col(ChangeRow.finding_id))
        .join(table_of(PollRow), col(PollRow.id) == col(FindingRow.poll_id))
        .outerjoin(table_of(ModelVersionRow), col(ModelVersionRow.id) == col(ChangeRow.version_id))
        .where(col(ChangeRow.kind).in_((Retiring.kind, Cancelled.kind)))
        .where(col(FindingRow.provider) == provider)
        .order_by(col(ChangeRow.id))
    )
    last: dict[str, LastReport] = {}
    for row in connection.execute(query):
        change = cast("EndChange", to_change(row))  # because the query selects only these kinds
        if isinstance(change, Retiring):
            last[change.key] = LastReport(change.until, change.basis, row.started_at)
        else:
            last.pop(change.key, None)
    return last


def _proofs(connection: Connection, provider: str, keys: Collection[str]) -> dict[str, Proof]:
    """Return the start of refusals on every called route, by key.

    Unconfirmed verdicts prove nothing. The start is when the last route began to refuse, so later
    refusals do not move it.
    """
    of_keys = (col(ProbeRow.provider) == provider, col(ProbeRow.key).in_(keys))
    believed = (*of_keys, col(ProbeRow.believed).is_(True))
    last = select(func.max(_ID)).where(*believed).group_by(_NAME, _ROUTE)
    newest = connection.execute(select(table_of(ProbeRow)).where(_ID.in_(last))).all()
    answering = {row.key for row in newest if row.verdict != REFUSED}
    refused = [row for row in newest if row.key not in answering]
    if not refused:
        return {}
    since = {row.id: _since(connection, row, believed) for row in refused}
    refused.sort(key=lambda row: (since[row.id], row.id))
    return {row.key: (since[row.id], _words(since[row.id], row)) for row in refused}


def _since(
    connection: Connection, newest: Row[Any], believed: tuple[ColumnElement[bool], ...]
) -> datetime:
    place = (*believed, newest.name == _NAME, newest.route == _ROUTE)
    other = select(func.max(_ID)).where(*place, col(ProbeRow.verdict) != REFUSED)
    after = connection.scalar(other) or 0
    first = select(func.min(col(ProbeRow.at))).where(*place, after < _ID)
    return connection.scalars(first).one()  # not empty, because the newest matches


def _words(since: datetime, row: Row[Any]) -> str:
    words = f": {row.said}" if row.said else ""
    return f"refused on {since.date()} by {row.route}{words}"
