"""Validate a payload against the provider's contract.

The contract is a JSON Schema (2020-12). Differences that it does not forbid are tolerated and
recorded as drift (see drift.py).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from types import MappingProxyType
from typing import TYPE_CHECKING

from catalog.core.api_error import error_message
from catalog.core.errors import MAX_PROBLEMS, PayloadInvalid, Problem
from catalog.core.paths import values
from catalog.core.payload import Drift, Payload, Refused, Seen, ValidPayload
from catalog.core.snapshot import NO_MODELS, Model
from catalog.core.strict_json import (
    Flaw,
    Json,
    JsonText,
    Steps,
    canonical,
    json_path,
    parse,
    shorten,
)
from catalog.providers.doubles import Doubles, clashes, doubles, duplicates
from catalog.providers.drift import drift, drift_of_invalid
from catalog.providers.provider import Provider
from catalog.providers.rows import Answer, Contract, Part, Row, by_row, readable_keys, unnamed

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError

NOTHING_SEEN: Mapping[str, Seen] = MappingProxyType({})
MESSAGE_LIMIT = 200
"""The maximum characters of the provider's message about an error."""
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
    seen: Mapping[str, Seen] | None = None,
) -> ValidPayload:
    """Return a valid payload, or raise PayloadInvalid with every problem.

    In the contract, `$defs.model` describes one row. The x- words are explained in
    catalog/providers/infomaniak/schema.json. `known` holds the current models by their facts. Rows
    with these facts are not validated again. `seen` has the rows of the previous answer by their
    texts, which are not parsed again. Equal rows are one model. A few bad rows of a long list are
    refused, and the others are used (see `BadRows`).
    """
    answer = Answer.of(payload.body, provider.contract, seen)
    facts = _facts(answer, provider, seen or {})
    new = [at for at in range(len(answer.rows)) if at not in facts or facts[at] not in known]
    found = list(islice(_distinct(_problems(answer, new)), MAX_PROBLEMS))
    if len(found) == MAX_PROBLEMS:  # the other rows are unknown
        raise PayloadInvalid([flaw.problem for flaw in found])
    bad = by_row(answer.rows, found)
    sound = {at: text for at, text in facts.items() if at not in bad}
    models = _models(answer, sound, known, provider, seen or {})
    keys = readable_keys(answer, bad, provider, models)
    merge = bool(provider.bad_rows.share) or "x-unique" not in answer.contract
    double = doubles(keys, models, merge=merge)
    found += _doubled(answer, keys, double)
    refused = _refused(answer, found, keys, double, provider)
    out = double.dropped.union(refused)
    accepted = [at for at in new if at not in out]
    return ValidPayload(
        payload=payload,
        models=tuple(model for at, model in models.items() if at not in out),
        drift=drift(answer, accepted, models, double),
        refused=tuple(refused.values()),
        seen=_seen(answer, facts, models, seen or {}),
    )


def trusted(payload: Payload, provider: Provider) -> ValidPayload:
    """Return a valid payload without checks, such as shipped history."""
    answer = Answer.of(payload.body, provider.contract)
    facts = {at: provider.facts(row.value) for at, row in enumerate(answer.rows)}
    return ValidPayload(payload, tuple(_models(answer, facts, NO_MODELS, provider).values()))


def drift_of(payload: Payload, contract: Contract) -> tuple[Drift, ...]:
    """Return the drift of an invalid answer, empty if unreadable."""
    try:
        answer = Answer.of(payload.body, contract)
    except PayloadInvalid:
        return ()
    if answer.flaws:
        return ()
    return tuple(drift_of_invalid(answer))


def _facts(answer: Answer, provider: Provider, seen: Mapping[str, Seen]) -> Mapping[int, JsonText]:
    """Return the facts of each row without a flaw, by row number.

    With the maximum number of flaws there may be others, so no row is returned.
    """
    if answer.texts:
        known = [seen[text].facts if text in seen else None for text in answer.texts]
        pairs = zip(answer.rows, known, strict=True)
        return {at: text or provider.facts(row.value) for at, (row, text) in enumerate(pairs)}
    if len(answer.flaws) >= MAX_PROBLEMS:
        return {}
    flawed = by_row(answer.rows, answer.flaws)
    rows = enumerate(answer.rows)
    return {at: provider.facts(row.value) for at, row in rows if at not in flawed}


def _seen(
    answer: Answer,
    facts: Mapping[int, JsonText],
    models: Mapping[int, Model],
    before: Mapping[str, Seen],
) -> Mapping[str, Seen]:
    """Return the rows by their texts. Models that depend on the place are left out."""
    kept = {} if "x-key-stars" in answer.contract else models
    return {
        text: before.get(text) or Seen(answer.rows[at].value, facts[at], kept.get(at))
        for at, text in enumerate(answer.texts)
    }


def _models(
    answer: Answer,
    facts: Mapping[int, JsonText],
    known: Mapping[JsonText, Model],
    provider: Provider,
    seen: Mapping[str, Seen] = NOTHING_SEEN,
) -> dict[int, Model]:
    models: dict[int, Model] = {}
    for at, text in facts.items():
        before = seen.get(answer.texts[at]) if answer.texts else None
        if before is not None and before.model is not None:
            models[at] = before.model
        else:
            row = answer.rows[at]
            models[at] = provider.model(row.value, row.passed, text, known.get(text))
    return models


def _problems(answer: Answer, new: Sequence[int]) -> Iterator[Flaw]:
    """Yield the flaws of the body and the violations of the contract.

    Only new rows are checked. Violations at the place of a flaw are dropped, because the parsed
    value there may be wrong. If the body has an error in place of rows, other violations in the
    same object are dropped, because the error is their cause.
    """
    places = {flaw.steps for flaw in answer.flaws}
    refusals = [*_refusals(answer.parts)]
    beside = [flaw.steps[:-1] for flaw in refusals]
    yield from answer.flaws
    yield from refusals
    for flaw in _wrong(answer.parts, [answer.rows[at] for at in new], answer.contract):
        if flaw.steps not in places and not any(_is_below(flaw.steps, root) for root in beside):
            yield flaw
    yield from unnamed(answer)


def _is_below(steps: Steps, root: Steps) -> bool:
    return len(steps) > len(root) and steps[: len(root)] == root


def _refusals(parts: Iterable[Part]) -> Iterator[Flaw]:
    """Yield the message of each part with an error and no rows."""
    for part in parts:
        text = error_message(part.value)
        if text and not any(values(part.value, part.place)):
            said = shorten(text, MESSAGE_LIMIT)
            yield _flaw((*part.steps, "error"), said, "no error in a successful answer")


def _doubled(answer: Answer, keys: Mapping[int, str], double: Doubles) -> Iterator[Flaw]:
    """Return the problems of rows with shared keys or unique fields."""
    if "x-unique" not in answer.contract:
        return clashes(answer.rows, keys, double)
    rows = (row for at, row in enumerate(answer.rows) if at not in double.dropped)
    return duplicates(rows, answer.contract)


def _refused(
    answer: Answer,
    found: Sequence[Flaw],
    keys: Mapping[int, str],
    double: Doubles,
    provider: Provider,
) -> dict[int, Refused]:
    """Return the bad rows by number, or raise PayloadInvalid.

    The exception is raised if there are too many bad rows.
    """
    bad = by_row(answer.rows, found)
    allowed = provider.bad_rows.allowed(len(answer.rows))
    if None in bad or len(bad) > allowed:
        raise PayloadInvalid([flaw.problem for flaw in found[:MAX_PROBLEMS]])
    problems = {at: flaws[0].problem for at, flaws in bad.items() if at is not None}
    for numbers in double.clashing:
        last = next(problems[at] for at in reversed(numbers) if at in problems)
        problems |= {at: last for at in numbers if at not in problems}
    return {
        at: Refused(answer.rows[at].path, keys.get(at), answer.rows[at].value, problem)
        for at, problem in sorted(problems.items())
    }


def _distinct(flaws: Iterable[Flaw]) -> Iterator[Flaw]:
    """Yield each problem once, because jsonschema repeats missing fields."""
    known: set[Flaw] = set()
    for flaw in flaws:
        if flaw not in known:
            known.add(flaw)
            yield flaw


def _wrong(parts: Iterable[Part], rows: Sequence[Row], contract: Contract) -> Iterator[Flaw]:
    """Yield the violations of the contract, without odd formats."""
    frame, listed = _validators(canonical(contract))
    for part in parts:
        for error in frame.iter_errors(part.value) if not part.is_bare else ():
            yield from _flaws(error, part.steps)
    for error in listed.iter_errors([row.value for row in rows]):
        row = rows[error.absolute_path.popleft()]
        yield from _flaws(error, row.steps)


@lru_cache(64)
def _validators(contract: JsonText) -> "tuple[Draft202012Validator, Draft202012Validator]":
    """Return a validator for an answer without rows, and one for rows.

    They are cached, because building them takes longer than checking the few new rows of a poll.
    """
    from jsonschema import Draft202012Validator  # slow import, only needed after a change

    schema = parse(contract)
    rows = {"items": schema["$defs"]["model"], "$defs": schema["$defs"]}
    return Draft202012Validator(_without_rows(schema)), Draft202012Validator(rows)


def _without_rows(schema: Json) -> Json:
    """Return a schema that accepts any row.

    Rows are checked by another validator, because a reference for each row is slow.
    """
    if schema == {"$ref": "#/$defs/model"}:
        return True
    if isinstance(schema, dict):
        rest = ((key, _without_rows(value)) for key, value in schema.items())
        return {key: value for key, value in rest if key != "items" or value is not True}
    return schema


def _flaws(error: "ValidationError", root: Steps) -> Iterator[Flaw]:
    schema: Json = error.schema
    instance: Json = error.instance
    steps = (*root, *error.absolute_path)
    if error.validator == "required":
        for key in schema["required"]:
            if key not in instance:
                expected = _expected(schema["properties"][key])
                yield _flaw((*steps, key), "nothing", expected)
    else:
        yield _flaw(steps, shorten(instance), _expected(schema))


def _flaw(steps: Steps, found: str, expected: str) -> Flaw:
    return Flaw(steps, Problem(json_path(steps), found, expected))


def _expected(schema: Contract) -> str:
    if "x-expected" in schema:
        return str(schema["x-expected"])
    if "const" in schema:
        return canonical(schema["const"])
    names = schema["type"]
    return " or ".join(_TYPES[name] for name in ([names] if isinstance(names, str) else names))
