"""JSON read strictly, and written in one canonical way.

Canonical text is how values are held, compared, hashed and stored: sorted keys, no spaces. It is
immutable and tells `true` from `1`. `1.0` is read as `1`, so that both are the same number.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import islice
from typing import Any, NewType, TypeAlias

from catalog.core.errors import MAX_PROBLEMS, PayloadInvalid, Problem

Json = Any
JsonText = NewType("JsonText", str)
"""Canonical JSON text. `None` beside it always means *missing*; `JsonText("null")` is null."""

MAX_DEPTH = 64
_HOLDING = frozenset({dict, list})
FOUND_LIMIT = 60
_WRITER = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
# The way to a value, innermost key last; written out only when there is something to say of it.
_Trail: TypeAlias = "tuple[()] | tuple[_Trail, str | int]"
_Twins: TypeAlias = dict[int, tuple[Json, list[str]]]
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,59}")


class _Flaw(str):
    """A number that JSON cannot hold, left as text in its place until its path is known."""

    __slots__ = ()


_DOT = re.compile(r"(\\.)|\.", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_DOTTED = str.maketrans({"\\": r"\\", ".": r"\.", "\0": r"\0"})


def canonical(value: Json) -> JsonText:
    """Write a JSON value in the one canonical way."""
    return JsonText(_WRITER.encode(value))


def parse(text: JsonText) -> Json:
    """Read canonical text back; each call returns a fresh value. Raise ValueError for damage."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def values_json(before: JsonText | None, after: JsonText | None) -> dict[str, Json]:
    """Write both sides of a change; a side that was or is missing is left out."""
    values = {"before": before, "after": after}
    return {side: parse(value) for side, value in values.items() if value is not None}


def shorten(value: Json, limit: int = FOUND_LIMIT) -> str:
    """Show a JSON value on one line, cut after `limit` characters."""
    return cut(json.dumps(value, ensure_ascii=True, default=str), limit)


def cut(text: str, limit: int) -> str:
    """Cut a text that is longer than `limit` characters, and show that it was."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def dotted(path: Iterable[str]) -> str:
    r"""Write the way to a field with dots; within a key `.` gets a backslash, NUL is `\0`."""
    return ".".join(key.translate(_DOTTED) for key in path)


def undotted(field: str) -> tuple[str, ...]:
    """Read the way to a field back into its keys: what `dotted` wrote."""
    parted = _DOT.sub(lambda match: match[1] or "\0", field)
    return tuple(_ESCAPED.sub(_unescaped, key) for key in parted.split("\0"))


def _unescaped(match: re.Match[str]) -> str:
    return "\0" if match[1] == "0" else match[1]


def leaves(value: Json, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Json]]:
    """Yield every value below an object with the way to it; an empty object counts as a value."""
    if path and (not isinstance(value, dict) or not value):
        yield path, value
        return
    for key, item in value.items():
        yield from leaves(item, (*path, key))


def plain(text: str | None) -> str | None:
    """Return a text that every database can hold: PostgreSQL refuses NUL. The facts keep it."""
    return text and text.replace("\0", "\ufffd")


def child(path: str, key: str | int) -> str:
    """Extend a JSON path by one key or index; an odd or long key stands cut in brackets."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    if _PLAIN_KEY.fullmatch(key):
        return f"{path}.{key}"
    return f"{path}[{shorten(key)}]"


def read_strict(body: bytes) -> Json:
    """Read a JSON body, whole numbers as int; raise PayloadInvalid with every flaw found."""
    value, flaws = read(body)
    if flaws:
        raise PayloadInvalid(flaws)
    return value


def read(body: bytes) -> tuple[Json, tuple[Problem, ...]]:
    """Read a JSON body together with its flaws; raise PayloadInvalid where there is no JSON in it.

    Flaws: NaN, Infinity, numbers too large for a double, duplicate keys, lone surrogates, nesting
    deeper than 64. No JSON: invalid UTF-8, bad syntax.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        found = f"byte 0x{body[error.start]:02x} at offset {error.start}"
        raise PayloadInvalid([Problem("$", found, "valid UTF-8")]) from None
    twins: _Twins = {}
    odd: list[str] = []
    try:
        value = _decoder(odd, twins).decode(text)
    except json.JSONDecodeError as error:
        raise PayloadInvalid([_no_json(text, error)]) from None
    except RecursionError:
        raise PayloadInvalid([_too_deep("$")]) from None
    surrogates = bool(_SURROGATE.search(text))
    if not (odd or twins or surrogates or _is_deep(value)):
        return value, ()
    flaws = _flaws(value, twins, surrogates=surrogates)
    return value, tuple(islice(flaws, MAX_PROBLEMS))


def _decoder(odd: list[str], twins: _Twins) -> json.JSONDecoder:
    return json.JSONDecoder(
        parse_constant=partial(_odd, odd),
        parse_float=partial(_read_float, odd),
        parse_int=partial(_read_int, odd),
        object_pairs_hook=lambda pairs: _read_object(pairs, twins),
    )


def _no_json(text: str, error: json.JSONDecodeError) -> Problem:
    rest = text[error.pos : error.pos + FOUND_LIMIT]
    what = shorten(rest) if rest else "the end of the body"
    found = f"{what} at line {error.lineno} column {error.colno}"
    if not text.strip():
        found = "an empty body"
    elif text.startswith("\ufeff"):
        found = "a byte order mark"
    return Problem("$", found, "one JSON value")


def _odd(odd: list[str], text: str) -> Json:
    odd.append(text)
    return _Flaw(text)


def _read_float(odd: list[str], text: str) -> Json:
    number = float(text)
    if math.isinf(number):
        return _odd(odd, text)
    return int(number) if number.is_integer() else number


def _read_int(odd: list[str], text: str) -> Json:
    # Asked of a double first: int() takes a time that grows with the square of the digits.
    return _odd(odd, text) if math.isinf(float(text)) else int(text)


def _is_deep(value: Json, levels: int = MAX_DEPTH) -> bool:
    """Say whether a value is nested too deep, by one look at each item, level by level."""
    level = [value] if type(value) in _HOLDING else []
    for _ in range(levels):
        inner = (each.values() if type(each) is dict else each for each in level)
        level = [item for items in inner for item in items if type(item) in _HOLDING]
        if not level:
            return False
    return True


def _read_object(pairs: list[tuple[str, Json]], twins: _Twins) -> dict[str, Json]:
    value = dict(pairs)
    if len(value) < len(pairs):
        counts = Counter(key for key, _ in pairs)
        # The object is kept beside its keys: an id is only unique while its owner lives.
        twins[id(value)] = (value, [key for key, count in counts.items() if count > 1])
    return value


def _flaws(root: Json, twins: _Twins, *, surrogates: bool) -> Iterator[Problem]:
    stack: list[tuple[_Trail, Json, int]] = [((), root, 0)]
    while stack:
        trail, value, depth = stack.pop()
        if isinstance(value, _Flaw):
            found = cut(value, FOUND_LIMIT)
            yield Problem(_path(trail), found, "a finite number that a double can hold")
        elif isinstance(value, str):
            if surrogates and _is_torn(value):
                yield Problem(_path(trail), shorten(value), "text without lone surrogates")
        elif isinstance(value, dict | list):
            if depth == MAX_DEPTH:
                yield _too_deep(_path(trail))
                continue
            if isinstance(value, dict):
                yield from _key_flaws(trail, value, twins, surrogates=surrogates)
            pairs = value.items() if isinstance(value, dict) else enumerate(value)
            stack.extend(((trail, key), item, depth + 1) for key, item in pairs)


def _key_flaws(
    trail: _Trail,
    value: dict[str, Json],
    twins: _Twins,
    *,
    surrogates: bool,
) -> Iterator[Problem]:
    for key in twins.get(id(value), (None, []))[1]:
        yield Problem(child(_path(trail), key), "the same key twice", "each key once")
    for key in value if surrogates else ():
        if _is_torn(key):
            yield Problem(_path(trail), f"key {shorten(key)}", "a key without lone surrogates")


def _path(trail: _Trail) -> str:
    keys: list[str | int] = []
    while trail:
        trail, key = trail
        keys.append(key)
    path = "$"
    for key in reversed(keys):
        path = child(path, key)
    return path


def _is_torn(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def _too_deep(path: str) -> Problem:
    return Problem(path, "deeper nesting", f"at most {MAX_DEPTH} levels")
