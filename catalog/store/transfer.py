"""The whole database as JSON Lines, and back: any row, from one database to another.

The first line is the header. Each line after it is one row, table after table, so that no row
stands before one that it refers to. Times stay the text that they are, bodies are base64.
"""

import base64
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import groupby, islice
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Date,
    LargeBinary,
    String,
    TableClause,
    Text,
    column,
    func,
    insert,
    select,
    table,
    text,
)
from sqlmodel import SQLModel

from catalog.errors import SettingsInvalid, StoreError
from catalog.store.driver import REVISIONS
from catalog.store.tables import Moment
from catalog.store.verify import verify

SCHEMA_VERSION = 1
BATCH = 500
TABLES = {each.name: each for each in SQLModel.metadata.sorted_tables}
"""Every table by its name; one that is referred to stands before those that refer to it."""

Numbered = tuple[int, Any]
"""The number of a line, and the JSON that stands there."""


def export(connection: Connection) -> Iterator[str]:
    """Yield the lines of an export, without their ends: the same rows give the same lines."""
    rows = {name: _count(connection, each) for name, each in TABLES.items()}
    yield _line({"schema_version": SCHEMA_VERSION, "revision": REVISIONS[-1], "rows": rows})
    for name, each in TABLES.items():
        c_order = connection.dialect.name == "postgresql"
        query = select(_as_stored(name)).order_by(*_key(name, c_order=c_order))
        for row in connection.execute(query.execution_options(yield_per=BATCH)):
            named = dict(zip(each.columns.keys(), map(_json, row), strict=True))
            yield _line({"table": name, "row": named})


def load(connection: Connection, lines: Iterable[bytes]) -> dict[str, int]:
    """Write the rows of an export into an empty database; return how many by table.

    Raise SettingsInvalid where the database is not empty, StoreError where the export is not
    whole or not sound. The caller undoes the transaction then.
    """
    if any(_count(connection, each) for each in TABLES.values()):
        hint = "Name one that is empty or not there yet: catalog --database OTHER.db db import …"
        raise SettingsInvalid("the database holds rows already", hint=hint)
    numbered = _numbered(lines)
    expected = _header(next(numbered, (1, None)))
    counted: Counter[str] = Counter()
    for name, group in groupby(map(_row, numbered), key=lambda row: row[0]):
        rows = (row for _, row in group)
        while some := list(islice(rows, BATCH)):
            connection.execute(insert(_as_stored(name)), some)
            counted[name] += len(some)
    for name, count in expected.items():
        if counted[name] != count:
            raise _broken(f"it has {counted[name]:,} of {count:,} rows of {name}")
    _count_on(connection)
    for check in verify(connection):
        if check.bad:
            raise StoreError(f"what was exported was not sound: {check.bad}", hint=VERIFY)
    return dict(counted)


VERIFY = "Nothing was imported. `catalog db verify` on the exported database says the same."


def _as_stored(name: str) -> TableClause:
    """Return a table whose times are the text that is stored."""
    columns = TABLES[name].columns
    kinds = {each.name: Text() if isinstance(each.type, Moment) else each.type for each in columns}
    return table(name, *(column(each, kind) for each, kind in kinds.items()))


def _key(name: str, *, c_order: bool) -> Iterator[ColumnElement[Any]]:
    """Yield what rows are sorted by: on every server, whatever its language."""
    for each in TABLES[name].primary_key:
        is_text = isinstance(each.type, String | Moment)
        yield each.collate("C") if c_order and is_text else each


def _count(connection: Connection, each: Any) -> int:
    return connection.scalar(select(func.count()).select_from(each)) or 0


def _line(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def _json(value: Any) -> Any:
    match value:
        case bytes():
            return base64.b64encode(value).decode()
        case date():
            return value.isoformat()
    return value


def _numbered(lines: Iterable[bytes]) -> Iterator[Numbered]:
    for number, line in enumerate(lines, 1):
        try:
            yield number, json.loads(line)
        except ValueError as error:
            raise _broken("it is no JSON", number) from error


def _header(first: Numbered) -> dict[str, int]:
    match first[1]:
        case {"schema_version": 1, "revision": str(revision), "rows": dict(rows)}:
            if revision != REVISIONS[-1] or rows.keys() != TABLES.keys():
                raise StoreError(
                    f"the export is of schema {revision}, this version knows {REVISIONS[-1]}",
                    hint="Import it with the version that exported it, then upgrade.",
                )
            return rows
    raise _broken("it is no header of an export", 1)


def _row(numbered: Numbered) -> tuple[str, dict[str, Any]]:
    number, value = numbered
    match value:
        case {"table": str(name), "row": dict(row)} if name in TABLES:
            kinds = {each.name: each.type for each in TABLES[name].columns}
            if row.keys() == kinds.keys():
                try:
                    return name, {key: _value(row[key], kind) for key, kind in kinds.items()}
                except (TypeError, ValueError) as error:
                    raise _broken(f"a value of {name} cannot be read", number) from error
    raise _broken("it is no row of a table", number)


def _value(value: Any, kind: Any) -> Any:
    if value is None:
        return None
    if isinstance(kind, LargeBinary):
        return base64.b64decode(value, validate=True)
    return date.fromisoformat(value) if isinstance(kind, Date) else value


def _count_on(connection: Connection) -> None:
    """Let PostgreSQL number new rows after those that came with their numbers."""
    if connection.dialect.name == "postgresql":
        for name, each in TABLES.items():
            if "id" in each.columns:
                sequence = f"pg_get_serial_sequence('{name}', 'id')"
                query = f'SELECT setval({sequence}, max(id)) FROM "{name}"'  # noqa: S608  # our own names
                connection.execute(text(query))


def _broken(what: str, line: int | None = None) -> StoreError:
    where = "the export" if line is None else f"line {line:,} of the export"
    hint = "Nothing was imported. Export it anew: the file is cut short or was changed."
    return StoreError(f"{where} cannot be imported: {what}", hint=hint)
