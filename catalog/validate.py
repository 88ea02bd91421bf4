"""Payload -> ValidPayload, or every problem at once.

The contract is a JSON Schema (2020-12). What it does not demand is tolerated, and what it had not
seen before is noted as drift: new fields, new values, new nulls, odd formats.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from catalog.errors import PayloadInvalid, Problem
from catalog.jsontext import Json, JsonText, canonical, child, read_strict, shorten
from catalog.payload import Drift, Payload, ValidPayload

Contract = Mapping[str, Json]
What = Literal["new field", "new value", "new null", "odd format"]


def validate(payload: Payload, contract: Contract) -> ValidPayload:
    """Check an answer against its contract; raise PayloadInvalid with every problem found."""
    body = read_strict(payload.body)
    errors = list(_validator(contract).iter_errors(body))
    problems = {problem for error in errors for problem in _problems(error)}
    if isinstance(body, dict) and isinstance(body.get("data"), list):
        problems.update(_duplicates(body["data"], contract))
    if problems:
        raise PayloadInvalid(sorted(problems, key=_by_place))
    odd = [error for error in errors if error.validator == "format"]
    return ValidPayload(payload, tuple(body["data"]), _drift(body, contract, odd))


def _validator(contract: Contract) -> Draft202012Validator:
    return Draft202012Validator(contract, format_checker=Draft202012Validator.FORMAT_CHECKER)


def _by_place(problem: Problem) -> tuple[list[tuple[int, str]], Problem]:
    """Order by path, with row 2 before row 10."""
    parts = problem.path.replace("]", "").replace("[", ".").split(".")
    return [(int(part) if part.isdecimal() else -1, part) for part in parts], problem


def _problems(error: ValidationError) -> Iterator[Problem]:
    path = "$"
    for key in error.absolute_path:
        path = child(path, key)
    if error.validator == "format":
        return
    if error.validator == "required":
        required: Json = error.validator_value
        instance: Json = error.instance
        for key in required:
            if key not in instance:
                yield Problem(child(path, key), "nothing", "a value, which every answer has")
    else:
        yield Problem(path, shorten(error.instance), _expected(error))


def _expected(error: ValidationError) -> str:
    schema = error.schema if isinstance(error.schema, Mapping) else {}
    match error.validator, error.validator_value:
        case "type", [*names]:
            return " or ".join(names)
        case "type", name:
            return str(name)
        case "const", value:
            return canonical(value)
        case "minimum", value:
            return f"at least {value}"
        case "maximum", value:
            return f"at most {value}"
        case validator, value:
            return str(schema.get("x-expected", f"{validator} {shorten(value)}"))


def _duplicates(rows: list[Json], contract: Contract) -> Iterator[Problem]:
    for field in contract["properties"]["data"]["x-unique"]:
        seen: dict[JsonText, int] = {}
        for index, row in enumerate(rows):
            if not isinstance(row, dict) or field not in row:
                continue
            first = seen.setdefault(canonical(row[field]), index)
            if first != index:
                found = f"{shorten(row[field])}, as in $.data[{first}]"
                yield Problem(f"$.data[{index}].{field}", found, f"a {field} of its own")


def _drift(body: Json, contract: Contract, odd: Iterable[ValidationError]) -> tuple[Drift, ...]:
    found: dict[tuple[What, str, JsonText | None], list[str]] = {}
    envelope = contract["properties"]
    for key in body:
        if key not in envelope:
            found[("new field", f"$.{key}", None)] = []
    model = contract["$defs"]["model"]
    for row in body["data"]:
        for novelty in _novelties(row, model, ""):
            found.setdefault(novelty, []).append(row["name"])
    for error in odd:
        index, *keys = list(error.absolute_path)[1:]
        novelty = ("odd format", _dotted(map(str, keys)), canonical(error.instance))
        found.setdefault(novelty, []).append(body["data"][index]["name"])
    return tuple(
        Drift(what, field, value, tuple(found[what, field, value]))
        for what, field, value in sorted(found, key=lambda item: (item[1], item[0], item[2] or ""))
    )


def _novelties(
    value: Json, schema: Contract, field: str
) -> Iterator[tuple[What, str, JsonText | None]]:
    if value is None:
        if schema.get("x-never-null"):
            yield "new null", field, None
    elif isinstance(value, dict) and "properties" in schema:
        for key, item in value.items():
            path = _dotted([field, key])
            if key in schema["properties"]:
                yield from _novelties(item, schema["properties"][key], path)
            else:
                yield "new field", path, None
    elif "x-known" in schema and value not in schema["x-known"]:
        yield "new value", field, canonical(value)


def _dotted(keys: Iterable[str]) -> str:
    return ".".join(key for key in keys if key)
