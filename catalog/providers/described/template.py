"""A model's key or name, made of a row's fields: `id`, or `{1}/{id}`."""

import re
from collections.abc import Mapping

from catalog.core.paths import Trail, trail, value
from catalog.core.strict_json import Json, canonical

_HOLE = re.compile(r"\{([^{}]+)\}")


def fields(text: str) -> tuple[str, ...]:
    """Return the places that a key or name is made of; `{1}` and its like are none."""
    holes = _HOLE.findall(text)
    if not holes:
        return (text,)
    return tuple(hole for hole in holes if not hole.isdecimal())


def steps(text: str) -> tuple[int, ...]:
    """Return which `*` of the rows a key or name speaks of, counted from 1."""
    return tuple(int(hole) for hole in _HOLE.findall(text) if hole.isdecimal())


def filled(text: str, passed: Trail, row: Mapping[str, Json]) -> str:
    """Write a row's key or name."""

    def one(hole: str) -> str:
        if hole.isdecimal():
            return passed[int(hole) - 1]
        found = value(row, trail(hole))
        return found if isinstance(found, str) else canonical(found)

    if not _HOLE.search(text):
        return one(text)
    return _HOLE.sub(lambda match: one(match[1]), text)
