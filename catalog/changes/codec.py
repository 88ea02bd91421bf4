"""Convert changes to stored values and back.

A field named in `columns` has its own column. All others go into one JSON object, `detail`,
without None and empty values. A new kind of change needs no code here.
"""

from collections.abc import Mapping
from dataclasses import Field, fields
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


def encode(change: Change) -> dict[str, Any]:
    """Return the value of each column, and other fields as `detail`.

    Empty columns are None.
    """
    row: dict[str, Any] = dict.fromkeys((*COLUMNS, "detail"))
    details: dict[str, Json] = {}
    for each in _kept(type(change)):
        value, column = getattr(change, each.name), change.columns.get(each.name)
        if column is None:
            if value is not None and value != ():
                details[each.name] = _plain(value)
        elif column in {"before", "after"} and not _is_json(type(change), each.name):
            row[column] = canonical(value)
        else:
            row[column] = value
    return row | ({"detail": canonical(details)} if details else {})


def decode(kind: str, row: Mapping[str, Any], model: Model | None) -> Change:
    """Build a change of one kind from its stored row and model."""
    kind_class = KINDS[kind]
    details = {} if row["detail"] is None else parse(JsonText(row["detail"]))
    values: dict[str, Any] = {}
    for each in _kept(kind_class):
        column = kind_class.columns.get(each.name)
        if column is None:
            values[each.name] = _typed(kind_class, each.name, details.get(each.name))
        elif column in {"before", "after"} and not _is_json(kind_class, each.name):
            values[each.name] = parse(JsonText(row[column]))
        else:
            values[each.name] = row[column]
    beside = {"model": model, "kind": kind}
    values |= {each.name: beside[each.name] for each in fields(kind_class) if each.name in beside}
    return kind_class(**values)


def _kept(kind_class: Any) -> list[Field[Any]]:
    return [each for each in fields(kind_class) if each.name not in _BESIDE]


@cache
def _types(kind_class: Any, name: str) -> frozenset[Any]:
    hint = get_type_hints(kind_class)[name]
    return frozenset({hint, *get_args(hint)})


def _is_json(kind_class: Any, name: str) -> bool:
    return JsonText in _types(kind_class, name)


def _plain(value: Any) -> Json:
    if isinstance(value, datetime):
        return stamp(value)
    return value.isoformat() if isinstance(value, date) else value


def _typed(kind_class: Any, name: str, value: Json) -> Any:
    types = _types(kind_class, name)
    if any(str(each).startswith("tuple[") for each in types):
        return tuple(value or ())
    if value is None:
        return None
    if datetime in types:
        return datetime.fromisoformat(value)
    return date.fromisoformat(value) if date in types else value
