"""Build the JSON Schema of an answer from a description.

It only requires the fields that this program needs.
"""

from typing import Any

from catalog.core.paths import ANY, trail
from catalog.core.strict_json import Json
from catalog.providers.described.description import Description, fields, steps

DRAFT = "https://json-schema.org/draft/2020-12/schema"
_NOT_BLANK: dict[str, Json] = {
    "type": ["string", "integer"],
    "pattern": "^\\s*[^\\u0000\\s][^\\u0000]*$",
    "x-expected": "text that is not blank and holds no NUL, or a whole number",
}


def contract(description: Description) -> dict[str, Any]:
    """Return a schema that requires the rows and their keys and names."""
    row: dict[str, Any] = {"type": "object", "x-open": True}
    needed = {*fields(description.key), *fields(description.name or "")} - {""}
    for field in sorted(needed):
        _demand(row, trail(field), _NOT_BLANK)
    if description.statuses.is_own:
        for place in map(trail, description.status):
            _know(row, place, sorted(description.statuses.words))
    schema: dict[str, Any] = {"$ref": "#/$defs/model"}
    for step in reversed(description.place):
        schema = _listing(schema) if step == ANY else _within(step, schema)
    paging = description.paging
    used = [] if paging is None else [place for place in (paging.at, paging.more) if place]
    ours = {"x-rows": list(description.place), "x-parts": paging is not None, "x-used": used}
    stars = {*steps(description.key), *steps(description.name or "")}
    ours |= {"x-key-stars": sorted(stars)} if stars else {}
    return {"$schema": DRAFT, **schema, "$defs": {"model": row}, **ours}


def _listing(item: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": ["array", "object"],
        "items": item,
        "additionalProperties": item,
        "x-expected": "a list, or an object of them",
    }


def _within(key: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": [key], "properties": {key: schema}, "x-open": True}


def _demand(row: dict[str, Any], place: tuple[str, ...], schema: dict[str, Json]) -> None:
    for depth, key in enumerate(place):
        row.setdefault("type", "object")
        row.setdefault("x-open", True)
        row.setdefault("required", [])
        row.setdefault("properties", {})
        if key not in row["required"]:
            row["required"].append(key)
        last = depth == len(place) - 1
        row = row["properties"].setdefault(key, dict(schema) if last else {})


def _know(row: dict[str, Any], place: tuple[str, ...], words: list[str]) -> None:
    """Name the known words of a field that is not required."""
    if ANY in place:
        return
    for key in place:
        row.setdefault("x-open", True)
        row = row.setdefault("properties", {}).setdefault(key, {})
    row["x-words"] = words
