"""Check a single value before a configuration exists."""

from typing import Any

from pydantic import TypeAdapter, ValidationError

from catalog.config.mistakes import WORDS


def problem(kind: Any, text: str) -> str:
    """Return why a text is invalid for a type, empty if valid."""
    try:
        TypeAdapter(kind).validate_python(text)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        return WORDS.get(first["type"], first["msg"].removeprefix("Value error, "))
    return ""
