"""What people noted of a model's future: kept for good, the newest of a model counts."""

from functools import cache
from typing import Any

from sqlalchemy import Connection, Executable, Row, bindparam, func, select

from catalog.changes.forecast import Note
from catalog.store import tables, tally
from catalog.store.tables import NoteRow, col

_FIELDS = ("key", "noted_at", "retires", "successor", "source")
_COLUMNS = tuple(col(getattr(NoteRow, name)) for name in _FIELDS)


def write(connection: Connection, provider: str, note: Note) -> None:
    """Keep a note; from now on it counts in place of earlier ones of that model."""
    values = {name: getattr(note, name) for name in _FIELDS}
    number = tables.write(connection, NoteRow, provider=provider, **values)
    tally.add(tables.plain(connection), "note", "id = :number", {"number": number})


def newest(connection: Connection, provider: str) -> dict[str, Note]:
    """Return the newest note of each model by key, also one that takes back an earlier one."""
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
    """Return all notes that were ever written, oldest first."""
    query = select(*_COLUMNS).where(col(NoteRow.provider) == provider).order_by(col(NoteRow.id))
    return tuple(map(_note, connection.execute(query)))


def _note(row: Row[*tuple[Any, ...]]) -> Note:
    return Note(**{name: getattr(row, name) for name in _FIELDS})
