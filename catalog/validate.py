"""Payload -> ValidPayload, or every problem at once.

The contract is a JSON Schema (2020-12). What it does not demand is tolerated, and what it had not
seen before is noted as drift: new fields, new values, new nulls, odd formats.
"""

import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from itertools import chain, islice
from typing import TYPE_CHECKING, Literal, TypeAlias

from rfc3986_validator import validate_rfc3986

from catalog.errors import MAX_PROBLEMS, PayloadInvalid, Problem
from catalog.fields import ANY, Trail, values
from catalog.fits import fitting
from catalog.jsontext import Json, JsonText, canonical, child, dotted, read_strict, shorten
from catalog.payload import PARTS, Drift, Payload, ValidPayload
from catalog.rows import Rows

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

Contract = Mapping[str, Json]
_What = Literal["new field", "new value", "new null", "odd format"]
_Novelty: TypeAlias = tuple[_What, str, JsonText | None]

_TELLING = frozenset({"format", "properties", "x-known"})
"""The words that can make a value a novelty, beside null."""
MEMORY = 4096
"""So many texts are remembered with whether they are of a format: a daemon sees the same again."""
_IN_PARTS = b'{"%s":[' % PARTS.encode()
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TYPES = {
    "object": "an object",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "boolean": "a boolean",
    "null": "null",
}


def validate(payload: Payload, contract: Contract, known: Rows | None = None) -> ValidPayload:
    """Check an answer against its contract; raise PayloadInvalid with every problem found.

    Of `contract`, `$defs.model` describes one row. Besides JSON Schema it speaks the x- words
    explained in catalog/providers/infomaniak/schema.json. `known` are the rows of the last answer
    of the same provider.
    """
    known = Rows() if known is None else known
    body, flaws = known.read(payload.body, _place(payload.body, contract))
    parts, placed = _parts(body, contract), tuple(_placed(body, contract))
    fits = fitting(contract, known.once)
    wrong = () if not flaws and all(fits(part) for _, part in parts) else _wrong(parts, contract)
    found = chain(wrong, _duplicates(placed, contract))
    # Where a flaw stands, what the contract says of the place is about our reading of it.
    flawed = {flaw.path for flaw in flaws}
    found = chain(flaws, (problem for problem in found if problem.path not in flawed))
    if problems := tuple(islice(_distinct(found), MAX_PROBLEMS)):
        raise PayloadInvalid(problems)
    rows, steps = tuple(row for _, row in placed), tuple(passed for passed, _ in placed)
    return ValidPayload(payload, rows, tuple(_drift(body, rows, contract, known)), steps)


def drift_of(payload: Payload, contract: Contract) -> tuple[Drift, ...]:
    """Return what is new about an answer that breaks the contract, as far as it can be read."""
    try:
        body = read_strict(payload.body)
    except PayloadInvalid:
        return ()
    rows = [row for _, row in _placed(body, contract) if isinstance(row, dict)]
    return tuple(_drift(body, rows, contract, Rows()))


def _place(body: bytes, contract: Contract) -> Trail:
    """Return where the rows of an answer are looked for."""
    place = tuple(contract["x-rows"])
    return (PARTS, ANY, *place) if contract.get("x-parts") and body.startswith(_IN_PARTS) else place


def _parts(body: Json, contract: Contract) -> list[tuple[str, Json]]:
    """Return the answer with its JSON path; each part of one that came in parts."""
    in_parts = contract.get("x-parts") and isinstance(body, dict) and body.keys() == {PARTS}
    if not in_parts or not isinstance(body[PARTS], list):
        return [("$", body)]
    return [(child(f"$.{PARTS}", index), part) for index, part in enumerate(body[PARTS])]


def _placed(body: Json, contract: Contract) -> Iterator[tuple[Trail, Json]]:
    """Yield the rows, each with the way to it."""
    place = tuple(contract["x-rows"])
    return chain.from_iterable(values(part, place) for _, part in _parts(body, contract))


def _distinct(problems: Iterable[Problem]) -> Iterator[Problem]:
    """Leave out repetitions: each missing field makes an error that does not say which it is."""
    known: set[Problem] = set()
    for problem in problems:
        if problem not in known:
            known.add(problem)
            yield problem


def _wrong(parts: Iterable[tuple[str, Json]], contract: Contract) -> Iterator[Problem]:
    """Yield what breaks the contract; an odd format is no problem, only drift."""
    from jsonschema import Draft202012Validator  # heavy: not loaded where all is well

    check = Draft202012Validator(contract).iter_errors
    for root, part in parts:
        for error in check(part):
            yield from _problems(error, root)


def _problems(error: "ValidationError", root: str) -> Iterator[Problem]:
    schema: Json = error.schema
    instance: Json = error.instance
    path = root
    for key in error.absolute_path:
        path = child(path, key)
    if error.validator == "required":
        for key in schema["required"]:
            if key not in instance:
                yield Problem(child(path, key), "nothing", _expected(schema["properties"][key]))
    else:
        yield Problem(path, shorten(instance), _expected(schema))


def _expected(schema: Contract) -> str:
    if "x-expected" in schema:
        return str(schema["x-expected"])
    if "const" in schema:
        return canonical(schema["const"])
    names = schema["type"]
    return " or ".join(_TYPES[name] for name in ([names] if isinstance(names, str) else names))


def _duplicates(placed: Sequence[tuple[Trail, Json]], contract: Contract) -> Iterator[Problem]:
    for field in contract.get("x-unique", ()):
        seen: dict[Hashable, Trail] = {}
        for steps, row in placed:
            if not isinstance(row, dict) or row.get(field) is None:
                continue
            first = seen.setdefault(_told_apart(row[field]), steps)
            if first != steps:
                found = f"{shorten(row[field])}, as in {_path(contract, first)}"
                yield Problem(f"{_path(contract, steps)}.{field}", found, f"each {field} once")


def _told_apart(value: Json) -> Hashable:
    """Return what is the same for the same value; texts and whole numbers, as most are, as such."""
    return value if type(value) in {str, int} else (canonical(value),)


def _path(contract: Contract, steps: Trail) -> str:
    """Write the JSON path of a row."""
    path, taken = "$", iter(steps)
    for key in contract["x-rows"]:
        path = child(path, int(next(taken)) if key == ANY else key)
    return path


def _drift(
    body: Json, rows: Sequence[Mapping[str, Json]], contract: Contract, known: Rows
) -> Iterator[Drift]:
    found: dict[_Novelty, list[str]] = {item: [] for item in _novelties(body, contract, ("$",))}
    model = contract["$defs"]["model"]
    novelties = known.once("novelties", lambda row: tuple(_novelties(row, model, ())))
    for row in rows:
        for novelty in novelties(row):
            found.setdefault(novelty, []).append(str(row.get("name", "?")))
    for what, field, value in sorted(found, key=lambda item: (item[1], item[0], item[2])):
        yield Drift(what, field, value, tuple(found[what, field, value]))


def _novelties(value: Json, schema: Contract, path: tuple[str, ...]) -> Iterator[_Novelty]:
    if value is None:
        if schema.get("x-never-null"):
            yield "new null", dotted(path), None
    elif isinstance(value, dict) and "properties" in schema:
        for key, item in value.items():
            known = schema["properties"].get(key)
            if known is None:
                if not schema.get("x-open"):
                    yield "new field", dotted((*path, key)), None
            elif item is None or known.keys() & _TELLING:  # most fields are passed over here
                yield from _novelties(item, known, (*path, key))
    elif "x-known" in schema and value not in schema["x-known"]:
        yield "new value", dotted(path), canonical(value)
    elif isinstance(value, str) and "format" in schema and not _FORMATS[schema["format"]](value):
        yield "odd format", dotted(path), canonical(value)


@lru_cache(MEMORY)
def _is_day(text: str) -> bool:
    try:
        return _DAY.fullmatch(text) is not None and bool(date.fromisoformat(text))
    except ValueError:
        return False


@lru_cache(MEMORY)
def _is_uri(text: str) -> bool:
    return validate_rfc3986(text, rule="URI") is not None


_FORMATS: Mapping[str, Callable[[str], bool]] = {"date": _is_day, "uri": _is_uri}
"""The formats that contracts ask for."""
