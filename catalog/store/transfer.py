"""Export the whole database as JSON Lines, and import it.

The first line is the header. Every other line is a row. If a row refers to another row, that row is
before it.
Times are the stored text, bodies are base64.
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
from catalog.store.tables import Moment
from catalog.store.text_values import to_moment
from catalog.store.verify import verify

SCHEMA_VERSION = 1
BATCH = 500
LONGEST = 48 * 1024 * 1024
"""The maximum bytes of a line: a packed body of 36 MiB."""
LARGEST_BODY = 256 * 1024 * 1024
"""The maximum bytes of an unpacked body."""
LARGEST = 2**63
_LARGEST = {"payload.size": LARGEST_BODY}
_KINDS = {LargeBinary: str, Date: str, Boolean: bool, Integer: int}
_WORDS = {str: "text", bool: "true or false", int: "a whole number"}
_JSON = {"change.after", "change.before", "change.detail", "model_version.facts"}
_LONG, _MUCH = 1024 * 1024, 64 * 1024
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"')
TABLES = {each.name: each for each in SQLModel.metadata.sorted_tables}
"""Every table by name, referenced tables first."""

Numbered = tuple[int, Any]
"""A line number and the JSON of that line."""


def export(connection: Connection) -> Iterator[str]:
    """Yield the lines of an export without line ends.

    The same rows give the same lines.
    """
    rows = {name: _count(connection, each) for name, each in TABLES.items()}
    yield _line({"schema_version": SCHEMA_VERSION, "revision": REVISIONS[-1], "rows": rows})
    for name, each in TABLES.items():
        c_order = connection.dialect.name == "postgresql"
        query = select(_as_stored(name)).order_by(*_key(name, c_order=c_order))
        for row in connection.execute(query.execution_options(yield_per=BATCH)):
            named = dict(zip(each.columns.keys(), map(_json, row), strict=True))
            yield _line({"table": name, "row": named})


def load(connection: Connection, lines: Iterable[bytes]) -> dict[str, int]:
    """Import an export into an empty database and return rows by table.

    Raise SettingsInvalid if the database is not empty, StoreError if the export is incomplete or
    damaged. The caller rolls back the transaction.
    """
    if any(_count(connection, each) for each in TABLES.values()):
        hint = "Name an empty or a new one: catalog --database OTHER.db db import …"
        raise SettingsInvalid("the database is not empty", hint=hint)
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
            found = f"it has {counted[name]:,} rows of {name}"
            raise _broken(f"{found}, but its first line promises {rows:,}")
    _count_on(connection)
    for check in verify(connection):
        if check.bad:
            raise StoreError(f"the exported data is damaged: {check.bad}", hint=VERIFY)
    return dict(counted)


BROKEN = "Nothing was imported. The file is incomplete or was changed: export it again."
VERIFY = "Nothing was imported. Run `catalog db verify` on the exported database."


def _as_stored(name: str) -> TableClause:
    columns = TABLES[name].columns
    kinds = {each.name: Text() if isinstance(each.type, Moment) else each.type for each in columns}
    return table(name, *(column(each, kind) for each, kind in kinds.items()))


def _key(name: str, *, c_order: bool) -> Iterator[ColumnElement[Any]]:
    """Yield the sort columns, independent of the server's language."""
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
    """Yield the lines of an export.

    Raise StoreError for a line over LONGEST bytes.
    """
    for number, line in enumerate(iter(partial(file.readline, LONGEST + 1), b""), 1):
        if len(line) > LONGEST:
            raise _broken(f"it is longer than {LONGEST:,} bytes", number)
        yield line.removeprefix(BOM_UTF8) if number == 1 else line


def _numbered(lines: Iterable[bytes]) -> Iterator[Numbered]:
    for number, line in enumerate(lines, 1):
        # A long line of many values is refused, because it would need 20 times its size in memory.
        if len(line) > _LONG and len(_STRING.sub(b"", line)) > _MUCH:
            raise _broken("it is not a row of a table", number)
        try:
            yield number, parse(JsonText(line.decode()))
        except ValueError as error:
            raise _broken(_reason(error), number) from error


def _reason(error: ValueError) -> str:
    """Return why a line is not JSON, without quoting the line."""
    known = isinstance(error, UnicodeDecodeError | json.JSONDecodeError)
    return "it is not JSON" if known else f"it is not JSON: {str(error).partition(';')[0]}"


def _header(first: Numbered) -> dict[str, int]:
    match first[1]:
        case {"schema_version": 1, "revision": str(revision), "rows": dict(rows)}:
            if revision != REVISIONS[-1]:
                shown = cut(revision, 20)
                raise StoreError(
                    f"the export has schema {shown}, but this version needs {REVISIONS[-1]}",
                    hint="Import it with the version that exported it, then upgrade.",
                )
            if rows.keys() == TABLES.keys() and all(type(each) is int for each in rows.values()):
                return rows
    raise _broken("it is not the header of an export", 1)


def _row(numbered: Numbered) -> tuple[str, dict[str, Any]]:
    number, value = numbered
    match value:
        case {"table": str(name), "row": dict(row)} if name in TABLES:
            kinds = {each.name: each.type for each in TABLES[name].columns}
            if row.keys() == kinds.keys():
                return name, {
                    key: _read(number, f"{name}.{key}", row[key], kinds[key]) for key in row
                }
    raise _broken("it is not a row of a table", number)


def _read(number: int, place: str, value: Any, kind: Any) -> Any:
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
    # Deeply nested JSON is refused, because later readers would fail.
    if place in _JSON and value.count("[") + value.count("{") > MAX_DEPTH:
        read_strict(value.encode())
    return value


def _count_on(connection: Connection) -> None:
    """Let PostgreSQL's sequences continue after the imported ids."""
    if connection.dialect.name == "postgresql":
        for name, each in TABLES.items():
            if "id" in each.columns:
                sequence = f"pg_get_serial_sequence('{name}', 'id')"
                query = f'SELECT setval({sequence}, max(id)) FROM "{name}"'  # noqa: S608  # our own names
                connection.execute(text(query))


def _broken(what: str, line: int | None = None) -> StoreError:
    where = "the export" if line is None else f"line {line:,} of the export"
    return StoreError(f"{where} cannot be imported: {what}", hint=BROKEN)
