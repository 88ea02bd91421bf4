"""Parse JSON strictly, and write it canonically.

Canonical text has sorted keys and no spaces. Values are compared, hashed and stored in this form,
because it is immutable and distinguishes `true` from `1`. `1.0` is read as `1`, so both are equal.
"""

import json
import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import islice
from typing import Any, NewType, TypeAlias

from catalog.core.errors import MAX_PROBLEMS, PayloadInvalid, Problem

Json = Any
JsonText = NewType("JsonText", str)
"""Canonical JSON. None means *missing*, `JsonText("null")` is null."""

MAX_DEPTH = 64
_CONTAINERS = frozenset({dict, list})
_SHORT = 300
"""The characters of a whole number that surely fits into a double."""
FOUND_LIMIT = 60
_WRITER = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
# The path to a value, innermost key last, formatted only for an error.
_Trail: TypeAlias = "tuple[()] | tuple[_Trail, str | int]"
Steps: TypeAlias = tuple[str | int, ...]
"""The keys and indexes that lead to a value, outermost first."""
_Twins: TypeAlias = dict[int, tuple[Json, dict[str, list[Json]]]]
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,59}")


class _OddNumber(str):
    """A number outside of JSON's range, kept until its path is known."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Flaw:
    """A problem of a body, and the steps to its place."""

    steps: Steps
    problem: Problem


@dataclass(frozen=True, slots=True)
class Repeat:
    """A key that an object has several times, with equal values."""

    steps: Steps
    times: int


@dataclass(frozen=True, slots=True)
class Parsed:
    """A parsed body. A repeated key has its last value."""

    value: Json
    flaws: tuple[Flaw, ...] = ()
    repeats: tuple[Repeat, ...] = ()


_DOT = re.compile(r"(\\.)|\.", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_DOTTED = str.maketrans({"\\": r"\\", ".": r"\.", "\0": r"\0"})


def canonical(value: Json) -> JsonText:
    """Return the canonical text of a JSON value."""
    return JsonText(_WRITER.encode(value))


def parse(text: JsonText) -> Json:
    """Parse canonical text, or raise ValueError if damaged."""
    if text[:1] not in {"[", "{"}:
        return _parse_scalar(text)
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


@lru_cache(1024)
def _parse_scalar(text: str) -> Json:
    """Parse a number or text, cached because changes are read repeatedly."""
    return json.loads(text)


def values_json(before: JsonText | None, after: JsonText | None) -> dict[str, Json]:
    """Return both sides of a change, without missing ones."""
    values = {"before": before, "after": after}
    return {side: parse(value) for side, value in values.items() if value is not None}


def shorten(value: Json, limit: int = FOUND_LIMIT) -> str:
    """Return a JSON value on one line of `limit` characters."""
    return cut(json.dumps(value, ensure_ascii=True, default=str), limit)


def cut(text: str, limit: int) -> str:
    """Return a text of at most `limit` characters, marked if cut."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def dotted(path: Iterable[str]) -> str:
    r"""Return a path with dots. In keys, `.` becomes `\.`, NUL `\0`."""
    return ".".join(key.translate(_DOTTED) for key in path)


def undotted(field: str) -> tuple[str, ...]:
    """Return the keys of a dotted path."""
    parted = _DOT.sub(lambda match: match[1] or "\0", field)
    return tuple(_ESCAPED.sub(_unescaped, key) for key in parted.split("\0"))


def _unescaped(match: re.Match[str]) -> str:
    return "\0" if match[1] == "0" else match[1]


def leaves(value: Json, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Json]]:
    """Yield every value below an object with its path.

    An empty object is a value.
    """
    if path and (not isinstance(value, dict) or not value):
        yield path, value
        return
    for key, item in value.items():
        yield from leaves(item, (*path, key))


def is_reordered(old: Json, new: Json) -> bool:
    """Return whether both are lists of the same items in any order.

    The items are texts or objects.
    """
    if not (isinstance(old, list) and isinstance(new, list)):
        return False
    alike = any(all(isinstance(each, kind) for each in (*old, *new)) for kind in (str, dict))
    return alike and sorted(map(canonical, old)) == sorted(map(canonical, new))


def plain(text: str | None) -> str | None:
    """Return a text without NUL, because PostgreSQL refuses it."""
    return text and text.replace("\0", "\ufffd")


def child(path: str, key: str | int) -> str:
    """Extend a JSON path by a key or index, brackets if odd."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    if _PLAIN_KEY.fullmatch(key):
        return f"{path}.{key}"
    return f"{path}[{shorten(key)}]"


def json_path(steps: Iterable[str | int]) -> str:
    """Return the JSON path of steps, such as `$.data[0]`."""
    path = "$"
    for key in steps:
        path = child(path, key)
    return path


def read_strict(body: bytes) -> Json:
    """Parse a JSON body, or raise PayloadInvalid with every flaw.

    Whole numbers become int. A repeated key is a flaw, even with equal values.
    """
    parsed = read(body)
    repeats = (_key_twice(each.steps) for each in parsed.repeats)
    if found := [flaw.problem for flaw in (*parsed.flaws, *repeats)]:
        raise PayloadInvalid(found[:MAX_PROBLEMS])
    return parsed.value


def read(body: bytes) -> Parsed:
    """Parse a JSON body and return its flaws.

    Flaws are NaN, Infinity, numbers too large for a double, keys with several unequal values, lone
    surrogates, and more than 64 levels. Raise PayloadInvalid for invalid UTF-8 or syntax.
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
        raise PayloadInvalid([_too_deep(()).problem]) from None
    surrogates = bool(_SURROGATE.search(text))
    if not (odd or twins or surrogates or is_deep(value)):
        return Parsed(value)
    repeats: list[Repeat] = []
    flaws = _flaws(value, twins, repeats, surrogates=surrogates)
    return Parsed(value, tuple(islice(flaws, MAX_PROBLEMS)), tuple(repeats))


def _decoder(odd: list[str], twins: _Twins) -> json.JSONDecoder:
    return json.JSONDecoder(
        parse_constant=partial(_odd, odd),
        parse_float=partial(_read_float, odd),
        parse_int=partial(_read_int, odd),
        object_pairs_hook=partial(_read_object, twins),
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
    return _OddNumber(text)


def _read_float(odd: list[str], text: str) -> Json:
    number = float(text)
    if math.isinf(number):
        return _odd(odd, text)
    return int(number) if number.is_integer() else number


def _read_int(odd: list[str], text: str) -> Json:
    # Long ones are checked as a double first, because int() is quadratic in the digits.
    if len(text) > _SHORT and math.isinf(float(text)):
        return _odd(odd, text)
    return int(text)


def is_deep(value: Json, levels: int = MAX_DEPTH) -> bool:
    """Return whether a value has more than some levels."""
    level = [value] if type(value) in _CONTAINERS else []
    for _ in range(levels):
        inner = (each.values() if type(each) is dict else each for each in level)
        level = [item for items in inner for item in items if type(item) in _CONTAINERS]
        if not level:
            return False
    return True


def _read_object(twins: _Twins, pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    value = dict(pairs)
    if len(value) < len(pairs):
        by_key: dict[str, list[Json]] = defaultdict(list)
        for key, item in pairs:
            by_key[key].append(item)
        repeated = {key: items for key, items in by_key.items() if len(items) > 1}
        # The object is kept, because an id is only unique while its object lives.
        twins[id(value)] = (value, repeated)
    return value


def _flaws(root: Json, twins: _Twins, repeats: list[Repeat], *, surrogates: bool) -> Iterator[Flaw]:
    """Yield the flaws, and add repeated keys to `repeats`."""
    stack: list[tuple[_Trail, Json, int]] = [((), root, 0)]
    while stack:
        trail, value, depth = stack.pop()
        if isinstance(value, _OddNumber):
            found = cut(value, FOUND_LIMIT)
            yield _flaw(_steps(trail), found, "a finite number that a double can hold")
        elif isinstance(value, str):
            if surrogates and _has_lone_surrogate(value):
                yield _flaw(_steps(trail), shorten(value), "text without lone surrogates")
        elif isinstance(value, dict | list):
            if depth == MAX_DEPTH:
                yield _too_deep(_steps(trail))
                continue
            if isinstance(value, dict):
                yield from _twin_flaws(trail, value, twins, repeats)
                yield from _key_flaws(trail, value if surrogates else {})
            pairs = value.items() if isinstance(value, dict) else enumerate(value)
            stack.extend(((trail, key), item, depth + 1) for key, item in pairs)


def _twin_flaws(
    trail: _Trail, value: dict[str, Json], twins: _Twins, repeats: list[Repeat]
) -> Iterator[Flaw]:
    for key, items in twins[id(value)][1].items() if id(value) in twins else ():
        steps = (*_steps(trail), key)
        if _are_equal(items):
            repeats.append(Repeat(steps, len(items)))
        else:
            yield _key_twice(steps)


def _key_flaws(trail: _Trail, keys: Iterable[str]) -> Iterator[Flaw]:
    for key in keys:
        if _has_lone_surrogate(key):
            yield _flaw(_steps(trail), f"key {shorten(key)}", "a key without lone surrogates")


def _are_equal(items: list[Json]) -> bool:
    # Deep values are unequal, because canonical() recurses.
    return not any(map(is_deep, items)) and len(set(map(canonical, items))) == 1


def _steps(trail: _Trail) -> Steps:
    keys: list[str | int] = []
    while trail:
        trail, key = trail
        keys.append(key)
    return tuple(reversed(keys))


def _has_lone_surrogate(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def _flaw(steps: Steps, found: str, expected: str) -> Flaw:
    return Flaw(steps, Problem(json_path(steps), found, expected))


def _key_twice(steps: Steps) -> Flaw:
    return _flaw(steps, "the same key twice", "each key once")


def _too_deep(steps: Steps) -> Flaw:
    return _flaw(steps, "deeper nesting", f"at most {MAX_DEPTH} levels")
