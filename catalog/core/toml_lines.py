"""Find the line of each key in TOML, because tomllib omits it."""

import re
import tomllib
from collections.abc import Iterator
from typing import Any, Final

_PARTS: Final = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}'  # a basic text of several lines
    r"|'''.*?'{3,5}"  # a literal text of several lines
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'"
    r"|#[^\n]*"
    r"|[\[\]{}\n]"
    r"|[^\"'#\[\]{}\n]+|.",
    re.DOTALL,
)
_DEPTH: Final = {"[": 1, "{": 1, "]": -1, "}": -1}


def key_lines(text: str) -> dict[str, int]:
    """Return the line of each table and key by dotted path.

    The document must be valid. Tables of a list are numbered: `channel.0.name`. A key in an inline
    table has the line where the table begins.
    """
    lines: dict[str, int] = {}
    counts: dict[str, int] = {}
    table = ""
    for number, statement in _statements(text):
        if statement.startswith("["):
            is_listed = statement.startswith("[[")
            keys = _keys(tomllib.loads(statement))
            table = _table(keys, counts, is_listed=is_listed)
            _add(lines, table, number)
            continue
        for path in _paths(tomllib.loads(statement)):
            _add(lines, f"{table}.{path}" if table else path, number)
    return lines


def _add(lines: dict[str, int], path: str, number: int) -> None:
    """Keep the first line of a path and its parent tables."""
    parts = path.split(".")
    for size in range(1, len(parts) + 1):
        lines.setdefault(".".join(parts[:size]), number)


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Yield each heading and key-value pair with its first line."""
    number, begin, depth, parts = 1, 1, 0, [""]
    for match in _PARTS.finditer(f"{text}\n"):
        part = match[0]
        depth += _DEPTH.get(part, 0)
        if part == "\n" and depth == 0:
            if statement := "".join(parts).strip():
                yield begin, statement
            begin, parts = number + 1, [""]
        elif not part.startswith("#"):
            parts.append(part)
        number += part.count("\n")


def _keys(tree: dict[str, Any]) -> list[str]:
    """Return the keys of a heading, which is one table in another."""
    ((key, inner),) = tree.items()
    rest = inner[0] if isinstance(inner, list) else inner
    return [key, *(_keys(rest) if rest else [])]


def _table(keys: list[str], counts: dict[str, int], *, is_listed: bool) -> str:
    """Return the path of a heading. `counts` has the tables of each list so far."""
    path = ""
    for at, key in enumerate(keys):
        path = f"{path}.{key}" if path else key
        if at == len(keys) - 1 and is_listed:
            counts[path] = counts.get(path, 0) + 1
        if path in counts:
            path = f"{path}.{counts[path] - 1}"
    return path


def _paths(value: Any, path: str = "") -> Iterator[str]:
    """Yield the path of each value in a statement."""
    pairs: Any = ()
    if isinstance(value, dict):
        pairs = value.items()
    elif isinstance(value, list):
        pairs = enumerate(value)
    if path:
        yield path
    for key, inner in pairs:
        yield from _paths(inner, f"{path}.{key}" if path else str(key))
