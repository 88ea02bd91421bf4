"""Validate a payload against the provider's contract.

The contract is a JSON Schema (2020-12). Undemanded differences are tolerated and noted as drift:
new fields, new values, new nulls, odd formats.
"""

import hashlib
import marshal
import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from itertools import chain, islice
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from rfc3986_validator import validate_rfc3986

from catalog.changes.status import spelled
from catalog.core.api_error import error_message
from catalog.core.errors import MAX_PROBLEMS, PayloadInvalid, Problem
from catalog.core.paths import ANY, Trail, trail, values
from catalog.core.payload import PARTS, Drift, Payload, ValidPayload
from catalog.core.snapshot import NO_MODELS, Model
from catalog.core.strict_json import (
    Json,
    JsonText,
    canonical,
    child,
    dotted,
    parse,
    read,
    read_strict,
    shorten,
)
from catalog.providers.parts import envelope, unread
from catalog.providers.provider import Provider

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError

Contract = Mapping[str, Json]
_What = Literal["new field", "new value", "new null", "odd format", "next part", "larger total"]
_Novelty: TypeAlias = tuple[_What, str, JsonText | None]

NO_FACTS: Mapping[bytes, JsonText] = MappingProxyType({})
_DRIFT_KEYWORDS = frozenset({"format", "properties", "x-known", "x-words"})
"""Schema keywords that can cause drift, beside null."""
MESSAGE_LIMIT = 200
"""The maximum characters of the provider's message about an error."""
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TYPES = {
    "object": "an object",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "boolean": "a boolean",
    "null": "null",
}


def validate(
    payload: Payload,
    provider: Provider,
    known: Mapping[JsonText, Model] = NO_MODELS,
    facts_of: Mapping[bytes, JsonText] = NO_FACTS,
) -> ValidPayload:
    """Return a valid payload, or raise PayloadInvalid with every problem.

    In the contract, `$defs.model` describes one row, and the x- words are explained in
    catalog/providers/infomaniak/schema.json. `known` holds the current models by their facts. Rows
    with these facts are not validated again. `facts_of` comes from the previous answer: the facts
    by the digest of a row.
    """
    contract = provider.contract
    body, flaws = read(payload.body)
    parts = _parts(body, contract)
    rows = tuple(_placed(parts, contract))
    digests = () if flaws else tuple(_digest(row.value) for row in rows)
    facts = tuple(
        facts_of.get(digest) or provider.facts(row.value)
        for row, digest in zip(rows, digests, strict=False)
    )
    new = rows if flaws else _unlike(known, rows, facts)
    refusals = dict(_refusals(parts, contract))
    found = chain(_wrong(parts, new, contract), _duplicates(rows, contract))
    # Problems beside a refusal are dropped, because they follow from it.
    beside = tuple(f"{root}." for root in refusals)
    found = chain(refusals.values(), (each for each in found if not each.path.startswith(beside)))
    # Problems at the path of a flaw are dropped, because they concern our reading of it.
    flawed = {flaw.path for flaw in flaws}
    found = chain(flaws, (problem for problem in found if problem.path not in flawed))
    if problems := tuple(islice(_distinct(found), MAX_PROBLEMS)):
        raise PayloadInvalid(problems)
    return ValidPayload(
        payload=payload,
        rows=tuple(row.value for row in rows),
        drift=(
            *_drift(body, [row.value for row in new], contract),
            *_cut(parts, len(rows), contract),
        ),
        steps=tuple(row.steps for row in rows),
        facts=facts,
        known=known,
        facts_of=dict(zip(digests, facts, strict=True)),
    )


def _digest(row: Json) -> bytes:
    """Return a digest of a row as parsed, which is faster than its canonical text.

    Rows with keys in another order have other digests. Version 2 of the format is stable.
    """
    return hashlib.blake2b(marshal.dumps(row, 2), digest_size=16).digest()


def trusted(payload: Payload, provider: Provider) -> ValidPayload:
    """Return a valid payload without checks, such as shipped history."""
    rows = tuple(_placed(_parts(read_strict(payload.body), provider.contract), provider.contract))
    return ValidPayload(
        payload=payload,
        rows=tuple(row.value for row in rows),
        drift=(),
        steps=tuple(row.steps for row in rows),
        facts=tuple(provider.facts(row.value) for row in rows),
    )


def drift_of(payload: Payload, contract: Contract) -> tuple[Drift, ...]:
    """Return the drift of an invalid answer, as far as readable."""
    try:
        body = read_strict(payload.body)
    except PayloadInvalid:
        return ()
    rows = [row.value for row in _placed(_parts(body, contract), contract)]
    return tuple(_drift(body, [row for row in rows if isinstance(row, dict)], contract))


def _unlike(
    known: Mapping[JsonText, Model], rows: Sequence["_Row"], facts: Sequence[JsonText]
) -> Sequence["_Row"]:
    return [row for row, text in zip(rows, facts, strict=True) if text not in known]


class _Row(NamedTuple):
    """One row, the JSON path of its page, and each `*` match."""

    root: str
    part: Json
    steps: Trail
    value: Json

    def path(self, contract: Contract) -> str:
        """Return the JSON path of the row."""
        path, value, taken = self.root, self.part, iter(self.steps)
        for place in contract["x-rows"]:
            step = next(taken) if place == ANY else place
            key = int(step) if isinstance(value, list) else step
            path, value = child(path, key), value[key]
        return path


def _parts(body: Json, contract: Contract) -> list[tuple[str, Json]]:
    in_parts = contract.get("x-parts") and isinstance(body, dict) and body.keys() == {PARTS}
    if not in_parts or not isinstance(body[PARTS], list):
        return [("$", body)]
    return [(child(f"$.{PARTS}", index), part) for index, part in enumerate(body[PARTS])]


def _placed(parts: Iterable[tuple[str, Json]], contract: Contract) -> Iterator[_Row]:
    place = tuple(contract["x-rows"])
    for root, part in parts:
        for steps, value in values(part, place):
            yield _Row(root, part, steps, value)


def _distinct(problems: Iterable[Problem]) -> Iterator[Problem]:
    """Yield each problem once, because missing fields are reported repeatedly."""
    known: set[Problem] = set()
    for problem in problems:
        if problem not in known:
            known.add(problem)
            yield problem


def _wrong(
    parts: Iterable[tuple[str, Json]], rows: Sequence[_Row], contract: Contract
) -> Iterator[Problem]:
    """Yield the violations of the contract, without odd formats."""
    frame, listed = _validators(canonical(contract))
    for root, part in parts:
        for error in frame.iter_errors(part):
            yield from _problems(error, root)
    for error in listed.iter_errors([row.value for row in rows]):
        row = rows[error.absolute_path.popleft()]
        yield from _problems(error, row.path(contract))


@lru_cache(64)
def _validators(contract: JsonText) -> "tuple[Draft202012Validator, Draft202012Validator]":
    """Return a validator of an answer without its rows, and one of the rows.

    Cached, because making them takes longer than checking the few new rows of a poll.
    """
    from jsonschema import Draft202012Validator  # slow import, only needed after a change

    schema = parse(contract)
    rows = {"items": schema["$defs"]["model"], "$defs": schema["$defs"]}
    return Draft202012Validator(_without_rows(schema)), Draft202012Validator(rows)


def _refusals(
    parts: Iterable[tuple[str, Json]], contract: Contract
) -> Iterator[tuple[str, Problem]]:
    """Yield the message of each part that is an error in place of rows."""
    for root, part in parts:
        text = error_message(part)
        if text and not any(values(part, tuple(contract["x-rows"]))):
            found = shorten(text, MESSAGE_LIMIT)
            yield root, Problem(child(root, "error"), found, "no error in a successful answer")


def _without_rows(schema: Json) -> Json:
    """Return a schema that accepts any row: a reference for each row would be slow."""
    if schema == {"$ref": "#/$defs/model"}:
        return True
    if isinstance(schema, dict):
        rest = ((key, _without_rows(value)) for key, value in schema.items())
        return {key: value for key, value in rest if key != "items" or value is not True}
    return schema


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


def _duplicates(rows: Sequence[_Row], contract: Contract) -> Iterator[Problem]:
    for field in contract.get("x-unique", ()):
        if _all_differ(rows, field):
            continue
        seen: dict[Hashable, _Row] = {}
        for row in rows:
            if not isinstance(row.value, dict) or row.value.get(field) is None:
                continue
            first = seen.setdefault(_identity(row.value[field]), row)
            if first is not row:
                found = f"{shorten(row.value[field])}, as in {first.path(contract)}"
                yield Problem(f"{row.path(contract)}.{field}", found, f"each {field} once")


def _all_differ(rows: Sequence[_Row], field: str) -> bool:
    """Return whether all rows have another text or whole number, the usual case."""
    if not all(isinstance(row.value, dict) for row in rows):
        return False
    found = [row.value.get(field) for row in rows]
    return {*map(type, found)} <= {str, int} and len(set(found)) == len(found)


def _identity(value: Json) -> Hashable:
    return value if type(value) in {str, int} else (canonical(value),)


def _drift(body: Json, rows: Sequence[Mapping[str, Json]], contract: Contract) -> Iterator[Drift]:
    found: dict[_Novelty, list[str]] = {item: [] for item in _novelties(body, contract, ("$",))}
    model = contract["$defs"]["model"]
    for row in rows:
        key = row.get("id")
        name = str(row.get("name", key if isinstance(key, str) else "?"))
        for novelty in _novelties(row, model, ()):
            found.setdefault(novelty, []).append(name)
    for what, field, value in sorted(found, key=lambda item: (item[1], item[0], item[2])):
        yield Drift(what, field, value, tuple(found[what, field, value]))


def _cut(parts: Sequence[tuple[str, Json]], rows: int, contract: Contract) -> Iterator[Drift]:
    """Yield the sign that the list has more rows than were read, if any."""
    is_paged, used = contract.get("x-parts"), set(map(trail, contract.get("x-used", ())))
    for _, last in parts[-1:]:
        around = envelope(last, tuple(contract["x-rows"]))
        fields = [each for each in around if each.place not in used]
        found = unread([each for each in fields if not (is_paged and each.counts_pages)], rows)
        if found is not None:
            yield found


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
            elif item is None or known.keys() & _DRIFT_KEYWORDS:  # most fields end here
                yield from _novelties(item, known, (*path, key))
    elif _is_unknown(value, schema):
        yield "new value", dotted(path), canonical(value)
    elif isinstance(value, str) and "format" in schema and not _FORMATS[schema["format"]](value):
        yield "odd format", dotted(path), canonical(value)


def _is_unknown(value: Json, schema: Contract) -> bool:
    """Return whether a value is none of the known ones. Status words have several spellings."""
    if "x-words" in schema:
        return isinstance(value, str) and spelled(value) not in schema["x-words"]
    return "x-known" in schema and value not in schema["x-known"]


def _is_day(text: str) -> bool:
    try:
        return _DAY.fullmatch(text) is not None and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _is_uri(text: str) -> bool:
    return validate_rfc3986(text, rule="URI") is not None


_FORMATS: Mapping[str, Callable[[str], bool]] = {"date": _is_day, "uri": _is_uri}
"""The formats in contracts."""
