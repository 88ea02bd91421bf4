"""Describe the API for OpenAPI 3.1: parameters and shapes of answers.

The shapes name what is always there. Answers change only by addition, as docs/json.md says.
"""

from typing import Any

from catalog.changes.finding import Level
from catalog.changes.rules import rules
from catalog.web.query import LARGEST

Schema = dict[str, Any]
TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "integer"}
TIME: Schema = {"type": "string", "format": "date-time"}
DAY: Schema = {"type": "string", "format": "date"}


def shape(required: dict[str, Schema], optional: dict[str, Schema] | None = None) -> Schema:
    """Return the schema of an object. Other members are allowed."""
    properties = required | (optional or {})
    return {"type": "object", "required": [*required], "properties": properties}


def many(of: Schema) -> Schema:
    """Return the schema of a list."""
    return {"type": "array", "items": of}


def document(required: dict[str, Schema], optional: dict[str, Schema] | None = None) -> Schema:
    """Return the schema of a whole answer, with its version."""
    return shape({"schema_version": {"const": 1}} | required, optional)


FORECAST = shape({"until": DAY, "days_left": NUMBER, "basis": TEXT, "ground": TEXT})
MODEL = shape(
    {"key": TEXT, "name": TEXT, "type": TEXT, "facts": {"type": "object"}},
    {
        "title": TEXT,
        "status": TEXT,
        "beta": {"type": "boolean"},
        "context_limit": NUMBER,
        "description": TEXT,
        "route": TEXT,
        "forecast": FORECAST,
    },
)
CHANGE = shape(
    {
        "at": TIME,
        "provider": TEXT,
        "kind": TEXT,
        "level": {"enum": [*map(str, Level)]},
        "rule": TEXT,
        "fingerprint": TEXT,
    },
    {"number": NUMBER, "snapshot": NUMBER, "model": TEXT, "key": TEXT, "callable_until": DAY},
)
CATALOG = shape({"provider": TEXT, "taken_at": TIME, "models": many(MODEL)}, {"snapshot": NUMBER})
STATUS = shape({"provider": TEXT, "well": {"type": "boolean"}, "state": TEXT, "models": NUMBER})
ENDING = shape({"provider": TEXT, "model": TEXT, "key": TEXT, "until": DAY, "days_left": NUMBER})
SNAPSHOT = shape(
    {"snapshot": NUMBER, "provider": TEXT, "taken_at": TIME, "models": NUMBER, "digest": TEXT}
)
COMPARISON = shape({"provider": TEXT, "after": {"type": "object"}, "changes": many(CHANGE)})
MATRIX = shape({"provider": TEXT, "cells": many(shape({"model": TEXT, "list": TEXT}))})
PROBLEM = shape(
    {"type": TEXT, "title": TEXT, "status": NUMBER, "detail": TEXT},
    {"hint": TEXT},
)
"""Problem details of RFC 9457."""


def parameter(name: str, description: str, schema: Schema, *, of: str = "query") -> Schema:
    """Return one parameter. Those of a path are required."""
    known = {"name": name, "in": of, "description": description, "schema": schema}
    return known | ({"required": True} if of == "path" else {})


_MOMENT: Schema = {"type": "string", "format": "moment", "maxLength": 100}
_WORDS: Schema = {"type": "string", "maxLength": 500}
_WAYS = "a day, a time, `now`, `yesterday`, `7d`, or the number of a snapshot"
PROVIDER = parameter("provider", "Only this provider.", _WORDS)
AT = parameter("at", f"As it was at a moment: {_WAYS}.", _MOMENT)
SINCE = parameter("since", f"Not before a moment: {_WAYS}.", _MOMENT)
UNTIL = parameter("until", f"Not after a moment: {_WAYS}.", _MOMENT)
FROM = parameter("from", f"The first moment: {_WAYS}. Default: 7d.", _MOMENT)
TO = parameter("to", f"The second moment: {_WAYS}. Default: now.", _MOMENT)
LEVEL = parameter("level", "This level and more severe ones.", {"enum": [*map(str, Level)]})
RULE = parameter("rule", "Only this rule.", {"enum": sorted(rules())})
MODEL_NAME = parameter("model", "Only this model, by name or key.", _WORDS)
TYPE = parameter("type", "Only models of this type.", _WORDS)
STATUS_NAME = parameter("status", "Only models with this status.", _WORDS)
Q = parameter("q", "Words in id, name, title and description.", _WORDS)
LIMIT = parameter(
    "limit", "The most items of one answer.", {"type": "integer", "minimum": 1, "maximum": 200}
)
CURSOR = parameter(
    "cursor",
    "The member `next` of the answer before.",
    {"type": "integer", "minimum": 0, "maximum": LARGEST},
)
IN_PATH = (
    parameter("provider", "The name of the provider.", TEXT, of="path"),
    parameter("name", "The key or the name of the model. It may hold slashes.", TEXT, of="path"),
)
_ID: Schema = {"type": "integer", "minimum": 0, "maximum": LARGEST}
CHANGE_NUMBER = parameter("number", "The number of the change.", _ID, of="path")


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the answers of errors."""
    content = {"application/problem+json": {"schema": PROBLEM}}
    words = {400: "A value is wrong", 404: "Not found", 503: "The store cannot be read now"}
    return {status: {"description": words[status], "content": content} for status in statuses}
