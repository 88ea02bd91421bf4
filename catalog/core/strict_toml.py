"""Parse TOML strictly, and refuse slow input with its place."""

import re
import tomllib
from collections.abc import Iterator
from typing import Any

MAX_DEPTH = 64
LARGEST = 2**63
"""The limit of whole numbers: 64 bits, in TOML and databases."""
_STEPS = 20_000_000
# Longer than any number that tomllib accepts.
_LONG_NUMBER = re.compile(r"[0-9_]{4000}")


class Refused(ValueError):
    """A document that no program needs, even if valid TOML."""


def parse(text: str) -> dict[str, Any]:
    """Parse a document, or raise Refused or TOMLDecodeError (both ValueError)."""
    _refuse_long_keys(text)
    try:
        tree = tomllib.loads(text)
    except RecursionError:
        raise Refused("it is nested too deeply") from None
    except tomllib.TOMLDecodeError:
        raise
    except ValueError:  # searched here, because int() does not report the place
        match = _LONG_NUMBER.search(text)
        line = text.count("\n", 0, match.start() if match else 0) + 1
        raise Refused(f"the number in line {line:,} does not fit into 64 bits") from None
    for place, value in _numbers(tree):
        if not -LARGEST <= value < LARGEST:
            raise Refused(f"the number at {place} does not fit into 64 bits")
    return tree


def _refuse_long_keys(text: str) -> None:
    """Refuse dotted keys so long that tomllib is slow.

    tomllib is quadratic in the parts of keys. The dots of a line limit the parts of its key, and
    the dots of a table heading count for each line below it.
    """
    dots = [line.count(".") for line in text.split("\n")]
    if max(dots) * (sum(dots) + len(dots)) > _STEPS:
        line = dots.index(max(dots)) + 1
        raise Refused(f"it is nested too deeply: {max(dots):,} dots in line {line:,}")


def _numbers(tree: dict[str, Any]) -> Iterator[tuple[str, int]]:
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
