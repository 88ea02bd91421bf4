"""Find the rows of an answer, and the problems of each row."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import eq
from typing import NamedTuple, TypeVar

from catalog.core.errors import PayloadInvalid, Problem
from catalog.core.paths import ANY, Trail, values
from catalog.core.payload import PARTS, Seen
from catalog.core.snapshot import Model
from catalog.core.strict_json import (
    MAX_DEPTH,
    Flaw,
    Json,
    Repeat,
    Steps,
    dotted,
    is_deep,
    json_path,
    read,
    shorten,
)
from catalog.providers.provider import Provider
from catalog.providers.row_texts import split

Contract = Mapping[str, Json]


def listed_at(contract: Contract) -> str:
    """Return the place of the rows, such as `$.data`."""
    return dotted(("$", *contract["x-rows"][:-1]))


class Part(NamedTuple):
    """One page of an answer, or all of it.

    `place` is the place of its rows. A bare page is a list of rows without an object around it.
    """

    steps: Steps
    value: Json
    place: Trail
    is_bare: bool


class Row(NamedTuple):
    """One row.

    `steps` are the keys and indexes that lead to it. `passed` has the match of each `*` in its
    place.
    """

    steps: Steps
    passed: Trail
    value: Json

    @property
    def path(self) -> str:
        """Return the JSON path of the row."""
        return json_path(self.steps)


@dataclass(frozen=True, slots=True)
class Answer:
    """A parsed body with its pages and rows."""

    body: Json
    contract: Contract
    parts: tuple[Part, ...]
    rows: tuple[Row, ...]
    flaws: tuple[Flaw, ...] = ()
    repeats: tuple[Repeat, ...] = ()
    texts: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, body: bytes, contract: Contract, seen: Mapping[str, Seen] | None = None
    ) -> "Answer":
        """Parse a body, or raise PayloadInvalid if it cannot be parsed.

        With `seen`, the rows of the previous answer by their texts, only other rows are parsed. The
        result has the texts of all rows, unless a part of the body has a flaw.
        """
        if seen is not None and (answer := _reusing(body, contract, seen)) is not None:
            return answer
        parsed = read(body)
        parts = parts_of(parsed.value, contract)
        rows = tuple(row for part in parts for row in _rows(part))
        return cls(parsed.value, contract, parts, rows, parsed.flaws, parsed.repeats)


def _reusing(body: bytes, contract: Contract, seen: Mapping[str, Seen]) -> Answer | None:
    """Parse only the new rows and the text around rows.

    Return None if any part has a flaw.
    """
    place = tuple(contract["x-rows"])
    found = split(body, place, seen)
    if found is None:
        return None
    texts = tuple(text for texts in found.rows.values() for text in texts)
    new = tuple(dict.fromkeys(text for text in texts if text not in seen))
    try:
        frame, fresh = read(found.frame.encode()), read(f"[{','.join(new)}]".encode())
    except PayloadInvalid:
        return None
    is_odd = frame.flaws or frame.repeats or fresh.flaws or fresh.repeats
    # The list in a part of the answer is the deepest place of rows.
    if is_odd or is_deep(fresh.value, MAX_DEPTH - len(place) - len((PARTS, 0))):
        return None
    parts = parts_of(frame.value, contract)
    marked = [row for part in parts for row in _rows(part)]
    if [row.value for row in marked] != [*found.rows]:
        return None
    values = {text: known.value for text, known in seen.items()} | dict(
        zip(new, fresh.value, strict=True)
    )
    for row in marked:
        _inner(frame.value, row.steps[:-1])[:] = [values[text] for text in found.rows[row.value]]
    rows = tuple(row for part in parts for row in _rows(part))
    return Answer(frame.value, contract, parts, rows, texts=texts)


def _inner(value: Json, steps: Steps) -> Json:
    for step in steps:
        value = value[step]
    return value


def parts_of(body: Json, contract: Contract) -> tuple[Part, ...]:
    """Return the pages of an answer, or the answer as one page.

    If there is a list in place of the object around the rows, it is read as the list of rows,
    because some gateways and many recordings omit the object.
    """
    in_parts = contract.get("x-parts") and isinstance(body, dict) and body.keys() == {PARTS}
    if not in_parts or not isinstance(body[PARTS], list):
        return (_part((), body, contract),)
    pages = enumerate(body[PARTS])
    return tuple(_part((PARTS, index), page, contract) for index, page in pages)


def _part(steps: Steps, value: Json, contract: Contract) -> Part:
    place = tuple(contract["x-rows"])
    has_object = len(place) > 1 and ANY not in place[:-1]
    is_bare = has_object and isinstance(value, list)
    return Part(steps, value, place[-1:] if is_bare else place, is_bare)


def _rows(part: Part) -> Iterator[Row]:
    above = part.place[:-1]  # because the last step is `*`
    for passed, inner in values(part.value, above):
        steps = (*part.steps, *_keys(part.value, above, passed))
        if isinstance(inner, list):
            yield from (
                Row((*steps, at), (*passed, str(at)), item) for at, item in enumerate(inner)
            )
        elif isinstance(inner, dict):
            yield from (Row((*steps, key), (*passed, key), item) for key, item in inner.items())


def _keys(value: Json, place: Trail, passed: Trail) -> Iterator[str | int]:
    """Yield the keys that lead to a value, indexes as numbers."""
    taken = iter(passed)
    for each in place:
        step = next(taken) if each == ANY else each
        key = int(step) if isinstance(value, list) else step
        yield key
        value = value[key]


Found = TypeVar("Found", Flaw, Repeat)


def by_row(rows: Iterable[Row], found: Sequence[Found]) -> dict[int | None, list[Found]]:
    """Group flaws or repeats by row number, None outside of rows."""
    sorted_out: dict[int | None, list[Found]] = {}
    if not found:  # the usual case
        return sorted_out
    numbers = {row.steps: number for number, row in enumerate(rows)}
    lengths = sorted({len(steps) for steps in numbers})
    for each in found:
        within = (numbers.get(each.steps[:length]) for length in lengths)
        number = next((number for number in within if number is not None), None)
        sorted_out.setdefault(number, []).append(each)
    return sorted_out


def unnamed(answer: Answer) -> Iterator[Flaw]:
    """Yield a problem for each row with an invalid object key.

    Object keys, of the row itself or of its group, can be a part of the model's key.
    """
    stars = answer.contract.get("x-key-stars", ())
    for row in answer.rows if stars else ():
        for key in (row.passed[star - 1] for star in stars):
            if not _is_name(key):
                expected = "text that is not blank and holds no NUL"
                yield Flaw(row.steps, Problem(row.path, shorten(key), expected))


def _is_name(key: str) -> bool:
    return "\0" not in key and not key.isspace() and bool(key)


def readable_keys(
    answer: Answer,
    bad: Mapping[int | None, Sequence[Flaw]],
    provider: Provider,
    models: Mapping[int, Model],
) -> dict[int, str]:
    """Return the keys of rows without a problem in their key.

    `models` has the models of rows without any problem. Both are by row number.
    """
    places = provider.key_places
    keys = {number: model.key for number, model in models.items()}
    for number in (at for at in bad if at is not None):
        row = answer.rows[number]
        if not any(_concerns(flaw.steps[len(row.steps) :], places) for flaw in bad[number]):
            key = provider.key(row.value, row.passed)
            keys |= {number: key} if _is_name(key) else {}
    return dict(sorted(keys.items())) if bad else keys


def _concerns(steps: Steps, places: Iterable[Trail]) -> bool:
    """Return whether a place is, contains or is in one of these."""
    keys = tuple(map(str, steps))
    return any(all(map(eq, keys, place)) for place in places)
