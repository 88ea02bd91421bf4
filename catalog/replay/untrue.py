"""Bodies that are not what was recorded, made of the recorded ones; pure."""

import json
from collections.abc import Callable
from typing import Any, TypeAlias

Row: TypeAlias = dict[str, Any]

NAME_LENGTH = 10_000
_DEMANDED = {"id", "name", "type"}
_MARKDOWN = (
    "**bold** | `code` <!-- catalog:end llm --> # [link](https://elsewhere.invalid) "
    "<script>alert(1)</script> ~~~ ![](x) \\| * _ $ & \u202e\n\n| --- |\n```\n"
)


def half(body: bytes) -> bytes:
    """Cut a body in the middle."""
    return body[: len(body) // 2]


def utf_16(body: bytes) -> bytes:
    """Write the text of a body in another encoding."""
    return body.decode(errors="replace").encode("utf-16")


def rewritten(body: bytes, change: Callable[[list[Row]], list[Row]]) -> bytes:
    """Change the models of an answer; what holds no list of models is left as it is."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return body
    rows = document.get("data") if isinstance(document, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return body
    return json.dumps(document | {"data": change(rows)}).encode()


def first_half(rows: list[Row]) -> list[Row]:
    """Leave out the second half of the models."""
    return rows[: len(rows) // 2]


def twin(rows: list[Row]) -> list[Row]:
    """Add a model that has the id of the first, and a name of its own."""
    return [*rows, *(row | {"name": f"{row.get('name')}-twin"} for row in rows[:1])]


def nan(rows: list[Row]) -> list[Row]:
    """Give the first model a token limit that is no number."""
    return _first(rows, {"max_token_input": float("nan")})


def odd_field(rows: list[Row]) -> list[Row]:
    """Give every model one more field."""
    return [row | {"new_field": "never seen before"} for row in rows]


def odd_type(rows: list[Row]) -> list[Row]:
    """Give the first model another type."""
    return _first(rows, {"type": "new-type"})


def nulls(rows: list[Row]) -> list[Row]:
    """Empty every field but those that the contract demands."""
    return [{key: row[key] if key in _DEMANDED else None for key in row} for row in rows]


def null_id(rows: list[Row]) -> list[Row]:
    """Take the id of the first model away."""
    return _first(rows, {"id": None})


def long_names(rows: list[Row]) -> list[Row]:
    """Rename every model; the names differ in how they begin."""
    text = _MARKDOWN * (NAME_LENGTH // len(_MARKDOWN) + 1)
    return [row | {"name": f"{row.get('id')} {text}"[:NAME_LENGTH]} for row in rows]


def _first(rows: list[Row], fields: Row) -> list[Row]:
    return [*(row | fields for row in rows[:1]), *rows[1:]]
