"""Find drift: the tolerated differences of a valid answer from the contract."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import TypeAlias

from rfc3986_validator import validate_rfc3986

from catalog.changes.status import spelled
from catalog.core.paths import trail
from catalog.core.payload import Drift, DriftKind
from catalog.core.snapshot import Model
from catalog.core.strict_json import Json, JsonText, canonical, dotted
from catalog.providers.doubles import Doubles
from catalog.providers.parts import envelope, unread
from catalog.providers.rows import Answer, Contract, by_row, listed_at

_Novelty: TypeAlias = tuple[DriftKind, str, JsonText | None]

_DRIFT_KEYWORDS = frozenset({"format", "properties", "x-known", "x-words"})
"""Schema keywords that can cause drift. Null can also cause it."""
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def drift(
    answer: Answer, new: Iterable[int], models: Mapping[int, Model], double: Doubles
) -> tuple[Drift, ...]:
    """Return the drift of an answer: new values, repeats, and unread parts.

    `new` are the numbers of new rows. `models` holds the models by row number.
    """
    rows = ((models[at].name, answer.rows[at].value) for at in new)
    return (*_novel(answer, rows, _repeats(answer, models, double)), *_cut(answer))


def drift_of_invalid(answer: Answer) -> Iterator[Drift]:
    """Yield the drift of an answer without models. Their names are guessed."""
    rows = [row.value for row in answer.rows if isinstance(row.value, dict)]
    return _novel(answer, ((_guessed_name(row), row) for row in rows))


def _guessed_name(row: Mapping[str, Json]) -> str:
    key = row.get("id")
    return str(row.get("name", key if isinstance(key, str) else "?"))


def _novel(
    answer: Answer,
    rows: Iterable[tuple[str, Mapping[str, Json]]],
    others: Iterable[tuple[_Novelty, str | None]] = (),
) -> Iterator[Drift]:
    """Yield the drift, sorted, each with the names of its models.

    `rows` are the new rows, each after the name of its model. `others` holds other drift, each with
    the name of a model or None.
    """
    found: dict[_Novelty, list[str]] = {
        item: [] for item in _novelties(answer.body, answer.contract, ("$",))
    }
    model = answer.contract["$defs"]["model"]
    for name, row in rows:
        for novelty in _novelties(row, model, ()):
            found.setdefault(novelty, []).append(name)
    for novelty, other in others:
        names = found.setdefault(novelty, [])
        names += [] if other is None else [other]
    for what, field, value in sorted(found, key=lambda item: (item[1], item[0], item[2])):
        yield Drift(what, field, value, tuple(found[what, field, value]))


def _repeats(
    answer: Answer, models: Mapping[int, Model], double: Doubles
) -> Iterator[tuple[_Novelty, str | None]]:
    """Yield repeated rows and keys with equal values, and the model's name."""
    listed = listed_at(answer.contract)
    for at, times in double.repeated.items():
        yield ("row repeated", listed, canonical(times)), models[at].name
    for row, repeats in by_row(answer.rows, answer.repeats).items():
        start = 0 if row is None else len(answer.rows[row].steps)
        name = models[row].name if row is not None and row in models else None
        for repeat in repeats:
            steps = map(str, repeat.steps[start:])
            field = dotted(("$", *steps) if row is None else steps)
            what: DriftKind = "key repeated" if field else "row repeated"
            yield (what, field or listed, canonical(repeat.times)), name
    if any(part.is_bare for part in answer.parts):
        yield ("bare list", listed, None), None


def _cut(answer: Answer) -> Iterator[Drift]:
    """Yield the sign of rows that were not read, if any."""
    contract = answer.contract
    is_paged, used = contract.get("x-parts"), set(map(trail, contract.get("x-used", ())))
    for last in answer.parts[-1:]:
        around = envelope(last.value, tuple(contract["x-rows"]))
        fields = [each for each in around if each.place not in used]
        counted = [each for each in fields if not (is_paged and each.counts_pages)]
        found = unread(counted, len(answer.rows))
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
    """Return whether a value is unknown. Status words have several spellings."""
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
