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
    CHANGE,
    FINDING,
    MODEL_VERSION,
    NOTE,
    POLL,
    PROBE,
)

_FIELDS = ("key", "noted_at", "retires", "successor", "source")
_COLUMNS = tuple(NOTE.c[name] for name in _FIELDS)


def write(connection: Connection, provider: str, note: Note) -> None:
    """Store a note. It replaces earlier notes of that model."""
    values = {name: getattr(note, name) for name in _FIELDS}
    number = tables.write(connection, NOTE, provider=provider, **values)
    tally.add(tables.plain(connection), "note", "id = :number", {"number": number})


def newest(connection: Connection, provider: str) -> dict[str, Note]:
    """Return the newest note of each model by key, also withdrawals."""
    rows = connection.execute(_newest_query(), {"provider": provider})
    return {row.key: _note(row) for row in rows}


@cache
def _newest_query() -> Executable:
    last = (
        select(func.max(NOTE.c.id))
        .where(NOTE.c.provider == bindparam("provider"))
        .group_by(NOTE.c.key)
    )
    return select(*_COLUMNS).where(NOTE.c.id.in_(last))


def every(connection: Connection, provider: str) -> tuple[Note, ...]:
    """Return all notes, oldest first."""
    query = select(*_COLUMNS).where(NOTE.c.provider == provider).order_by(NOTE.c.id)
    return tuple(map(_note, connection.execute(query)))


def _note(row: Row[*tuple[Any, ...]]) -> Note:
    return Note(**{name: getattr(row, name) for name in _FIELDS})


REFUSED = "refused"
_NAME, _ROUTE, _ID = PROBE.c.name, PROBE.c.route, PROBE.c.id


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
        MODEL_VERSION.c.provider == provider,
        MODEL_VERSION.c.key.in_(keys),
        MODEL_VERSION.c.last_snapshot.is_(None),
    )
    return {row.key: to_model(row) for row in connection.execute(query)}


def reports(connection: Connection, provider: str) -> dict[str, LastReport]:
    """Return the newest report of each end that is not cancelled."""
    query = (
        select(*CHANGE_COLUMNS, POLL.c.started_at)
        .join(FINDING, FINDING.c.id == CHANGE.c.finding_id)
        .join(POLL, POLL.c.id == FINDING.c.poll_id)
        .outerjoin(MODEL_VERSION, MODEL_VERSION.c.id == CHANGE.c.version_id)
        .where(CHANGE.c.kind.in_((Retiring.kind, Cancelled.kind)))
        .where(FINDING.c.provider == provider)
        .order_by(CHANGE.c.id)
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
    of_keys = (PROBE.c.provider == provider, PROBE.c.key.in_(keys))
    believed = (*of_keys, PROBE.c.believed.is_(True))
    last = select(func.max(_ID)).where(*believed).group_by(_NAME, _ROUTE)
    newest = connection.execute(select(PROBE).where(_ID.in_(last))).all()
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
    other = select(func.max(_ID)).where(*place, PROBE.c.verdict != REFUSED)
    after = connection.scalar(other) or 0
    first = select(func.min(PROBE.c.at)).where(*place, after < _ID)
    since: datetime = connection.scalars(first).one()  # not empty, because the newest matches
    return since


def _words(since: datetime, row: Row[Any]) -> str:
    words = f": {row.said}" if row.said else ""
    return f"refused on {since.date()} by {row.route}{words}"
