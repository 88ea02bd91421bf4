"""Payload -> ValidPayload, or every problem at once.

The contract is a JSON Schema (2020-12). What it does not demand is tolerated, and what it had not
seen before is noted as drift: new fields, new values, new nulls, odd formats.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import Literal, TypeAlias

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from catalog.errors import MAX_PROBLEMS, PayloadInvalid, Problem
from catalog.jsontext import Json, JsonText, canonical, child, dotted, read_strict, shorten
from catalog.payload import Drift, Payload, ValidPayload

Contract = Mapping[str, Json]
_What = Literal["new field", "new value", "new null", "odd format"]
_Novelty: TypeAlias = tuple[_What, str, JsonText | None]

_FORMATS = Draft202012Validator.FORMAT_CHECKER
_TYPES = {
    "object": "an object",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "boolean": "a boolean",
    "null": "null",
}


def validate(payload: Payload, contract: Contract) -> ValidPayload:
    """Check an answer against its contract; raise PayloadInvalid with every problem found.

    Of `contract`, `properties.data` describes the list of rows and `$defs.model` one row. Besides
    JSON Schema it speaks the x- words explained in catalog/providers/infomaniak/schema.json.
    """
    body = read_strict(payload.body)
    # Without a format checker: an odd format is no problem, only drift.
    errors = Draft202012Validator(contract).iter_errors(body)
    found = chain(chain.from_iterable(map(_problems, errors)), _duplicates(body, contract))
    if problems := tuple(islice(_distinct(found), MAX_PROBLEMS)):
        raise PayloadInvalid(problems)
    return ValidPayload(payload, tuple(body["data"]), tuple(_drift(body, contract)))


def _distinct(problems: Iterable[Problem]) -> Iterator[Problem]:
    """Leave out repetitions: each missing field makes an error that does not say which it is."""
    known: set[Problem] = set()
    for problem in problems:
        if problem not in known:
            known.add(problem)
            yield problem


def _problems(error: ValidationError) -> Iterator[Problem]:
    schema: Json = error.schema
    instance: Json = error.instance
    path = "$"
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


def _duplicates(body: Json, contract: Contract) -> Iterator[Problem]:
    rows = body.get("data") if isinstance(body, dict) else None
    for field in contract["properties"]["data"]["x-unique"]:
        seen: dict[JsonText, int] = {}
        for index, row in enumerate(rows if isinstance(rows, list) else ()):
            if not isinstance(row, dict) or row.get(field) is None:
                continue
            first = seen.setdefault(canonical(row[field]), index)
            if first != index:
                found = f"{shorten(row[field])}, as in $.data[{first}]"
                yield Problem(f"$.data[{index}].{field}", found, f"each {field} once")


def _drift(body: Json, contract: Contract) -> Iterator[Drift]:
    found: dict[_Novelty, list[str]] = {item: [] for item in _novelties(body, contract, ("$",))}
    for row in body["data"]:
        for novelty in _novelties(row, contract["$defs"]["model"], ()):
            found.setdefault(novelty, []).append(row["name"])
    for what, field, value in sorted(found, key=lambda item: (item[1], item[0], item[2])):
        yield Drift(what, field, value, tuple(found[what, field, value]))


def _novelties(value: Json, schema: Contract, path: tuple[str, ...]) -> Iterator[_Novelty]:
    if value is None:
        if schema.get("x-never-null"):
            yield "new null", dotted(path), None
    elif isinstance(value, dict) and "properties" in schema:
        for key, item in value.items():
            if key in schema["properties"]:
                yield from _novelties(item, schema["properties"][key], (*path, key))
            else:
                yield "new field", dotted((*path, key)), None
    elif "x-known" in schema and value not in schema["x-known"]:
        yield "new value", dotted(path), canonical(value)
    elif "format" in schema and not _FORMATS.conforms(value, schema["format"]):
        yield "odd format", dotted(path), canonical(value)
