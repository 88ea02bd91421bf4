"""TOML of a person, read strictly: what would take long to read is refused with its place."""

import re
import tomllib
from collections.abc import Iterator
from typing import Any

MAX_DEPTH = 64
LARGEST = 2**63
"""TOML promises whole numbers of 64 bits, and databases hold no others."""
_STEPS = 20_000_000
# Longer than any number that tomllib reads without a traceback.
_LONG_NUMBER = re.compile(r"[0-9_]{4000}")


class Refused(ValueError):
    """It may be TOML, but no program needs such a document."""


def parse(text: str) -> dict[str, Any]:
    """Read a document; raise Refused, or TOMLDecodeError, which are both a ValueError."""
    _refuse_long_keys(text)
    try:
        tree = tomllib.loads(text)
    except RecursionError:
        raise Refused("it is nested too deeply") from None
    except tomllib.TOMLDecodeError:
        raise
    except ValueError:  # from int(), which says nothing of the place
        match = _LONG_NUMBER.search(text)
        line = text.count("\n", 0, match.start() if match else 0) + 1
        raise Refused(f"the number in line {line:,} does not fit into 64 bits") from None
    for place, value in _numbers(tree):
        if not -LARGEST <= value < LARGEST:
            raise Refused(f"the number at {place} does not fit into 64 bits")
    return tree


def _refuse_long_keys(text: str) -> None:
    """Refuse dotted keys of so many parts that tomllib, which is quadratic in them, takes long.

    The dots of a line limit the parts of its key, and those of a table hold for the lines below it.
    """
    dots = [line.count(".") for line in text.split("\n")]
    if max(dots) * (sum(dots) + len(dots)) > _STEPS:
        line = dots.index(max(dots)) + 1
        raise Refused(f"it is nested too deeply: {max(dots):,} dots in line {line:,}")


def _numbers(tree: dict[str, Any]) -> Iterator[tuple[str, int]]:
    """Yield each whole number with its place; raise Refused for what is nested too deeply."""
    waiting: list[tuple[str, int, Any]] = [("", 0, tree)]
    while waiting:
        place, depth, value = waiting.pop()
        if isinstance(value, int):
            yield place.removeprefix("."), value
        elif isinstance(value, dict | list):
            if depth > MAX_DEPTH:
                raise Refused("it is nested too deeply")
            pairs = value.items() if isinstance(value, dict) else enumerate(value)
            waiting += [(f"{place}.{key}", depth + 1, item) for key, item in pairs]
