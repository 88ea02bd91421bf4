"""The whole database as JSON Lines, and back: any row, from one database to another.

The first line is the header. Each line after it is one row, table after table, so that no row
stands before one that it refers to. Times stay the text that they are, bodies are base64.
"""

import base64
import json
import re
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from functools import partial
from itertools import groupby, islice
from typing import Any, BinaryIO

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    Date,
    Integer,
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

from catalog.core.errors import PayloadInvalid, SettingsInvalid, StoreError
from catalog.core.strict_json import (
    FOUND_LIMIT,
    MAX_DEPTH,
    JsonText,
    cut,
    parse,
    read_strict,
    shorten,
)
from catalog.store.driver import REVISIONS
from catalog.store.stored import to_moment
from catalog.store.tables import Moment
from catalog.store.verify import verify

SCHEMA_VERSION = 1
BATCH = 500
LONGEST = 48 * 1024 * 1024
"""Bytes of a line: a packed body of 36 MiB, which is some hundred MiB of JSON."""
LARGEST_BODY = 256 * 1024 * 1024
"""Bytes of a body when it is unpacked."""
LARGEST = 2**63
_LARGEST = {"payload.size": LARGEST_BODY}
_KINDS = {LargeBinary: str, Date: str, Boolean: bool, Integer: int}
_WORDS = {str: "text", bool: "true or false", int: "a whole number"}
_JSON = {"change.after", "change.before", "change.detail", "model_version.facts"}
_LONG, _MUCH = 1024 * 1024, 64 * 1024
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"')
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
        of_table = (row for _, row in group)
        while some := list(islice(of_table, BATCH)):
            connection.execute(insert(_as_stored(name)), some)
            counted[name] += len(some)
    for name, rows in expected.items():
        if counted[name] != rows:
            raise _broken(f"it has {counted[name]:,} of {rows:,} rows of {name}")
    _count_on(connection)
    for check in verify(connection):
        if check.bad:
            raise StoreError(f"what was exported was not sound: {check.bad}", hint=VERIFY)
    return dict(counted)


BROKEN = "Nothing was imported. Export it anew: the file is cut short or was changed."
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


def read_lines(file: BinaryIO) -> Iterator[bytes]:
    """Yield the lines of an export; raise StoreError where one is longer than LONGEST bytes."""
    for number, line in enumerate(iter(partial(file.readline, LONGEST + 1), b""), 1):
        if len(line) > LONGEST:
            raise _broken(f"it is longer than {LONGEST:,} bytes", number)
        yield line.removeprefix(BOM_UTF8) if number == 1 else line


def _numbered(lines: Iterable[bytes]) -> Iterator[Numbered]:
    for number, line in enumerate(lines, 1):
        # A line is long because of one string; many values would take twenty times its size.
        if len(line) > _LONG and len(_STRING.sub(b"", line)) > _MUCH:
            raise _broken("it is no row of a table", number)
        try:
            yield number, parse(JsonText(line.decode()))
        except ValueError as error:
            raise _broken(_reason(error), number) from error


def _reason(error: ValueError) -> str:
    """Say why a line is no JSON; the text of some errors holds the line itself."""
    known = isinstance(error, UnicodeDecodeError | json.JSONDecodeError)
    return "it is no JSON" if known else f"it is no JSON: {str(error).partition(';')[0]}"


def _header(first: Numbered) -> dict[str, int]:
    match first[1]:
        case {"schema_version": 1, "revision": str(revision), "rows": dict(rows)}:
            if revision != REVISIONS[-1] or rows.keys() != TABLES.keys():
                given = cut(revision, 20)
                raise StoreError(
                    f"the export is of schema {given}, this version knows {REVISIONS[-1]}",
                    hint="Import it with the version that exported it, then upgrade.",
                )
            if all(type(each) is int for each in rows.values()):
                return rows
    raise _broken("it is no header of an export", 1)


def _row(numbered: Numbered) -> tuple[str, dict[str, Any]]:
    number, value = numbered
    match value:
        case {"table": str(name), "row": dict(row)} if name in TABLES:
            kinds = {each.name: each.type for each in TABLES[name].columns}
            if row.keys() == kinds.keys():
                return name, {
                    key: _read(number, f"{name}.{key}", row[key], kinds[key]) for key in row
                }
    raise _broken("it is no row of a table", number)


def _read(number: int, place: str, value: Any, kind: Any) -> Any:
    """Return a value as its column holds it; `place` is the column with its table."""
    try:
        return None if value is None else _checked(place, value, kind)
    except (ValueError, StoreError, PayloadInvalid) as error:
        what = f"a value of {place} cannot be read: {cut(str(error), FOUND_LIMIT * 3)}"
        raise _broken(what, number) from error


def _checked(place: str, value: Any, kind: Any) -> Any:
    wanted = next((each for known, each in _KINDS.items() if isinstance(kind, known)), str)
    is_fit = type(value) is wanted
    if not is_fit:
        raise ValueError(f"found {shorten(value)}, expected {_WORDS[wanted]}")
    if wanted is int and not -LARGEST <= value < _LARGEST.get(place, LARGEST):
        raise ValueError(f"found {value}, which is too large")
    if isinstance(kind, LargeBinary):
        return base64.b64decode(value, validate=True)
    if isinstance(kind, Date):
        return date.fromisoformat(value)
    return _text(place, value, kind) if wanted is str else value


def _text(place: str, value: str, kind: Any) -> str:
    if "\0" in value:
        raise ValueError(f"found {shorten(value)}, expected text without NUL")
    value.encode()  # raises UnicodeEncodeError for a lone surrogate
    if isinstance(kind, Moment):
        to_moment(value)
    # Whatever reads it later would be ended by a value that is nested so deeply.
    if place in _JSON and value.count("[") + value.count("{") > MAX_DEPTH:
        read_strict(value.encode())
    return value


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
    return StoreError(f"{where} cannot be imported: {what}", hint=BROKEN)
