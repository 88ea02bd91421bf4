"""Propose a description for an unknown answer."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from catalog.core.paths import ANY, Trail, values
from catalog.core.strict_json import Json, dotted

DEEPEST = 4
NAMED = 40
"""The maximum keys of an object. Larger ones are tables of items."""
KEYS = ("id", "model_id", "model", "slug", "name", "key")
"""Names of id fields, most likely first."""
_ATTRIBUTES = {
    "type": re.compile(r"type|task|modality|kind|category"),
    "status": re.compile(r"status|state|availability|lifecycle"),
    "beta": re.compile(r"(is_)?(beta|preview|experimental)"),
    "description": re.compile(r"description|display_?name|title|label|summary"),
    "context_limit": re.compile(
        r"(max_)?(context|input|prompt|model)_?(length|window|size|limit|len|tokens?)"
        r"|max_(token_input|context_length|model_len|input_tokens)|context|tokens?"
    ),
}
_PRICE = re.compile(r"(^|_)(price|pricing|prices|cost|costs|fare|rate)s?($|_)")
_TIME = re.compile(
    r"(created|updated|released?|modified|added|retires?|deprecated)(_at|_on|_date)?"
)
_MOVING = re.compile(r"uptime|latency|throughput|requests|downloads|likes|rank|score|benchmarks?")
_NEXT = ("next", "next_url", "links.next", "paging.next", "meta.next", "pagination.next")
_CURSORS = {"last_id": "after_id", "next_page_token": "page_token", "next_cursor": "cursor"}


@dataclass(frozen=True, slots=True)
class Proposal:
    """The proposed `settings` of [provider.list], and `notes` for the user."""

    rows: int
    settings: dict[str, Any]
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Listing:
    place: Trail
    found: Sequence[tuple[Trail, Mapping[str, Json]]]
    leaves: dict[str, list[Json]] = field(default_factory=dict)

    @property
    def rows(self) -> list[Mapping[str, Json]]:
        """Return the rows."""
        return [row for _, row in self.found]


def infer(answer: Json) -> Proposal | None:
    """Propose a description, None without a list of objects."""
    listing = max(_listings(answer), key=lambda each: len(each.found), default=None)
    if listing is None:
        return None
    for row in listing.rows:
        _gather(row, (), listing.leaves)
    key, notes = _key(listing)
    settings: dict[str, Any] = {"rows": dotted(listing.place[:-1]).replace("\\*", ANY)}
    settings |= {"key": key} | _attributes(listing, key) | _classes(listing) | _paging(answer)
    if "context_limit" not in settings:
        notes.append("no field looks like a limit of tokens: set context_limit if there is one")
    return Proposal(len(listing.found), settings, tuple(notes))


def _listings(answer: Json) -> Iterator[_Listing]:
    level: list[Trail] = [()]
    for _ in range(DEEPEST):
        level = [(*place, step) for place in level for step in _steps(answer, place)]
        for place in level:
            found = list(values(answer, place))
            rows = [(passed, row) for passed, row in found if isinstance(row, dict) and row]
            if place[-1] == ANY and rows and len(rows) == len(found) and _is_listing(rows):
                yield _Listing(place, rows)


def _steps(answer: Json, place: Trail) -> list[str]:
    below = [value for _, value in values(answer, place)]
    keys = {key for value in below if isinstance(value, dict) for key in value}
    lists = any(isinstance(value, list) for value in below)
    named = sorted(keys) if len(keys) <= NAMED else []
    return [*named, *([ANY] if lists or keys else [])]


def _is_listing(rows: Sequence[tuple[Trail, Mapping[str, Json]]]) -> bool:
    """Return whether rows share half of their fields and a name."""
    common = set.intersection(*(set(row) for _, row in rows))
    usual = sum(len(row) for _, row in rows) / len(rows)
    return 2 * len(common) >= usual and any(_may_name(rows, key) for key in common)


def _may_name(rows: Sequence[tuple[Trail, Mapping[str, Json]]], key: str) -> bool:
    texts = {row[key] for _, row in rows if isinstance(row[key], str)}
    return key in KEYS or len(texts) == len(rows) > 1


def _gather(value: Mapping[str, Json], at: Trail, leaves: dict[str, list[Json]]) -> None:
    for key, item in value.items():
        here = (*at, key)
        if isinstance(item, dict) and item:
            _gather(item, here, leaves)
        else:
            leaves.setdefault(dotted(here), []).append(item)


def _key(listing: _Listing) -> tuple[str, list[str]]:
    total = len(listing.found)
    for name in KEYS:
        found = listing.leaves.get(name, [])
        plain = all(isinstance(value, str | int) for value in found)
        if len(found) == total and plain and len(set(map(str, found))) == total:
            return name, []
    texts = [name for name, found in listing.leaves.items() if _are(str, found)]
    for name in texts:
        if len(set(listing.leaves[name])) == total > 1:
            return name, [f"{name} tells all models apart here: check that it always does"]
    for name in KEYS:
        for other in texts:
            pairs = zip(listing.leaves.get(name, []), listing.leaves[other], strict=False)
            if other != name and len(set(map(str, pairs))) == total:
                note = f"several models have one {name}: with {other} it tells all apart here"
                return f"{{{name}}}/{{{other}}}", [note]
    stars = [index + 1 for index in range(sum(step == ANY for step in listing.place))]
    key = "/".join(f"{{{star}}}" for star in stars)
    notes = ["no field tells all models apart: the key is made of the way to a row"]
    if any(step.isdecimal() for passed, _ in listing.found for step in passed):
        notes.append("part of it is a place in a list: rows that change places are other models")
    return key, notes


def _attributes(listing: _Listing, key: str) -> dict[str, Any]:
    proposed: dict[str, Any] = {}
    names = listing.leaves.get("name", [])
    if key != "name" and _are(str, names):
        # If the key is a number, the name is used in calls, because calls take no number.
        is_called = _are(int, listing.leaves.get(key, [])) and len(names) == len(listing.found)
        proposed["name" if is_called else "description"] = "name"
    kinds = {"beta": bool, "context_limit": int}
    for attribute, pattern in _ATTRIBUTES.items():
        for place, found in sorted(listing.leaves.items(), key=lambda item: item[0].count(".")):
            last = place.rpartition(".")[2].lower()
            if place != key and pattern.fullmatch(last) and _are(kinds.get(attribute, str), found):
                proposed[attribute] = place
                break
    return proposed


def _are(kind: type, found: list[Json]) -> bool:
    known = [value for value in found if value is not None]
    return bool(known) and all(type(value) is kind for value in known)


def _classes(listing: _Listing) -> dict[str, Any]:
    """Return the outermost places of prices, times and volatile values."""
    classes: dict[str, dict[str, None]] = {"prices": {}, "times": {}, "volatile": {}}
    for place in sorted(listing.leaves):
        steps = place.split(".")
        for depth, step in enumerate(steps):
            here = ".".join(steps[: depth + 1])
            name = step.lower()
            if _MOVING.fullmatch(name):
                classes["volatile"][here] = None
            elif _PRICE.search(name):
                classes["prices"][here] = None
            elif _TIME.fullmatch(name) and depth == len(steps) - 1:
                if _are(str, listing.leaves[place]):
                    classes["times"][here] = None
                continue
            else:
                continue
            break
    return {name: list(places) for name, places in classes.items() if places}


def _paging(answer: Json) -> dict[str, Any]:
    if not isinstance(answer, dict):
        return {}
    more = "has_more" if isinstance(answer.get("has_more"), bool) else None
    for at, parameter in _CURSORS.items():
        if at in answer:
            paging = {"by": "cursor", "at": at, "parameter": parameter}
            return {"paging": paging | ({"more": more} if more else {})}
    for at in _NEXT:
        if any(True for _ in values(answer, tuple(at.split(".")))):
            return {"paging": {"by": "next", "at": at}}
    return {}
