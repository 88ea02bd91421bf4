"""Convert changes to stored values and back.

A field named in `columns` has its own column. All others go into one JSON object, `detail`,
without None, False and empty values. A new kind of change needs no code here.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from functools import cache
from typing import Any, get_args, get_type_hints

from catalog.changes.change import KINDS, Change
from catalog.core.clock import stamp
from catalog.core.snapshot import Model
from catalog.core.strict_json import Json, JsonText, canonical, parse

COLUMNS = ("field", "before", "after", "gone_since")
"""Columns for fields. `before` and `after` hold canonical JSON."""
_BESIDE = {"model", "kind"}
"""Fields that the store keeps elsewhere."""


@dataclass(frozen=True, slots=True)
class _Part:
    """One stored field of a kind, in a column or in `detail`.

    `is_packed` marks a value that becomes JSON in its column. `empty` is the value that `detail`
    leaves out, and `typed` converts any other value in `detail`.
    """

    name: str
    column: str | None
    is_packed: bool
    empty: Any
    typed: Callable[[Json], Any]


def encode(change: Change) -> dict[str, Any]:
    """Return the value of each column, and other fields as `detail`.

    Empty columns are None.
    """
    row: dict[str, Any] = dict.fromkeys((*COLUMNS, "detail"))
    details: dict[str, Json] = {}
    for part in _parts(change.kind)[0]:
        value = getattr(change, part.name)
        if part.column is not None:
            row[part.column] = canonical(value) if part.is_packed else value
        elif value is not None and value is not False and value != ():
            details[part.name] = _plain(value)
    return row | ({"detail": canonical(details)} if details else {})


def decode(kind: str, row: Mapping[str, Any], model: Model | None) -> Change:
    """Build a change of one kind from its stored row and model."""
    kind_class = KINDS[kind]
    detail = row["detail"]
    details = {} if detail is None else parse(JsonText(detail))
    parts, beside = _parts(kind)
    values: dict[str, Any] = {}
    for part in parts:
        if part.column is None:
            value = details.get(part.name)
            values[part.name] = part.empty if value is None else part.typed(value)
        else:
            value = row[part.column]
            values[part.name] = parse(JsonText(value)) if part.is_packed else value
    for name in beside:
        values[name] = model if name == "model" else kind
    return kind_class(**values)


@cache
def _parts(kind: str) -> tuple[tuple[_Part, ...], tuple[str, ...]]:
    """Return the stored fields of a kind, and those kept elsewhere.

    Cached, because a query may return thousands of changes.
    """
    kind_class = KINDS[kind]
    names = [each.name for each in fields(kind_class)]
    stored = tuple(_part(kind_class, name) for name in names if name not in _BESIDE)
    return stored, tuple(name for name in names if name in _BESIDE)


def _part(kind_class: Any, name: str) -> _Part:
    hint, column = get_type_hints(kind_class)[name], kind_class.columns.get(name)
    types = {hint, *get_args(hint)}
    is_packed = column in {"before", "after"} and JsonText not in types
    return _Part(name, column, is_packed, *_reading(types))


def _reading(types: Collection[Any]) -> tuple[Any, Callable[[Json], Any]]:
    """Return the empty value of these types and the conversion of others."""
    if any(str(each).startswith("tuple[") for each in types):
        return (), tuple
    if datetime in types:
        return None, datetime.fromisoformat
    if date in types:
        return None, date.fromisoformat
    return False if bool in types else None, _same


def _same(value: Json) -> Json:
    return value


def _plain(value: Any) -> Json:
    if isinstance(value, datetime):
        return stamp(value)
    return value.isoformat() if isinstance(value, date) else value
