"""Find rows that share a key.

Equal rows are one model. Different rows with one key are a problem.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from catalog.core.errors import Problem
from catalog.core.snapshot import Model
from catalog.core.strict_json import Flaw, Json, canonical, child, shorten
from catalog.providers.rows import Contract, Row


@dataclass(frozen=True, slots=True)
class Doubles:
    """The rows that share a key, by row number.

    `repeated` maps the first of equal rows to their number, and `dropped` has the others.
    `clashing` has the different rows of each shared key, including the first one.
    """

    repeated: Mapping[int, int]
    dropped: frozenset[int]
    clashing: tuple[tuple[int, ...], ...]


def doubles(keys: Mapping[int, str], models: Mapping[int, Model], *, merge: bool) -> Doubles:
    """Return the rows that share a key. Without `merge`, equal rows clash too."""
    if len(set(keys.values())) == len(keys):  # the usual case
        return Doubles({}, frozenset(), ())
    by_key: dict[str, list[int]] = defaultdict(list)
    for number, key in keys.items():
        by_key[key].append(number)
    repeated: dict[int, int] = {}
    dropped: set[int] = set()
    clashing: list[tuple[int, ...]] = []
    for numbers in by_key.values():
        if len(numbers) == 1:
            continue
        first: dict[Hashable, int] = {}
        for number in numbers:
            model = models.get(number) if merge else None
            one = first.setdefault(number if model is None else model, number)
            if one is not number:
                dropped.add(number)
                repeated[one] = repeated.get(one, 1) + 1
        if len(first) > 1:
            clashing.append(tuple(first.values()))
    return Doubles(repeated, frozenset(dropped), tuple(clashing))


def clashes(rows: Sequence[Row], keys: Mapping[int, str], found: Doubles) -> Iterator[Flaw]:
    """Yield a problem for each row that repeats another row's key."""
    for first, *others in found.clashing:
        for number in others:
            text = f"{shorten(keys[number])}, as in {rows[first].path}"
            yield Flaw(rows[number].steps, Problem(rows[number].path, text, "each key once"))


def duplicates(rows: Iterable[Row], contract: Contract) -> Iterator[Flaw]:
    """Yield a problem for each repeated value of a unique field."""
    rows = tuple(rows)
    for field in contract.get("x-unique", ()):
        if _all_differ(rows, field):
            continue
        seen: dict[Hashable, Row] = {}
        for row in rows:
            if not isinstance(row.value, dict) or row.value.get(field) is None:
                continue
            first = seen.setdefault(_identity(row.value[field]), row)
            if first is not row:
                found = f"{shorten(row.value[field])}, as in {first.path}"
                problem = Problem(child(row.path, field), found, f"each {field} once")
                yield Flaw((*row.steps, field), problem)


def _all_differ(rows: Sequence[Row], field: str) -> bool:
    """Return whether a field is different in all rows.

    Values that are neither text nor whole numbers give False. This is a fast check.
    """
    try:
        found = [row.value[field] for row in rows]
    except (TypeError, KeyError, IndexError):
        return False
    return {*map(type, found)} <= {str, int} and len(set(found)) == len(found)


def _identity(value: Json) -> Hashable:
    return value if type(value) in {str, int} else (canonical(value),)
