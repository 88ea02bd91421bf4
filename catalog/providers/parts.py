"""Detect an answer that is only one part of a list."""

from collections.abc import Iterator, Sequence
from itertools import chain, takewhile
from typing import Literal, NamedTuple

from catalog.core.paths import ANY, Trail
from catalog.core.payload import Drift
from catalog.core.spelling import Words, words
from catalog.core.strict_json import Json, JsonText, canonical, dotted

DEEPEST = 3
"""The maximum depth of a field in the envelope, the object around the rows."""
_NEXT = frozenset(
    {"page", "token", "cursor", "url", "uri", "link", "href", "offset", "marker", "key", "id"}
    | {"start", "after", "index", "odata"}
)
_CURSORS = {("cursor",), ("end", "cursor"), ("continuation", "token"), ("scroll", "id")}
_TOTAL = frozenset(
    {"size", "count", "item", "model", "result", "element", "row", "record", "number", "num"}
    | {"entry", "hit", "object", "of", "all", "match"}
)
_PAGES = {("total", "page"), ("page", "count"), ("num", "page"), ("number", "of", "page")}
_PAGES |= {("last", "page"), ("page", "total")}
_MORE = {("has", "more"), ("more",), ("has", "next"), ("has", "next", "page"), ("is", "truncated")}
_MORE |= {("truncated",), ("more", "available"), ("has", "more", "result"), ("has", "more", "page")}
_LAST = {("is", "last"), ("last",), ("is", "last", "page")}


class Field(NamedTuple):
    """A field of the envelope."""

    place: Trail
    value: Json

    @property
    def words(self) -> Words:
        """Return the words of its key."""
        return words(self.place[-1])

    @property
    def is_cursor(self) -> bool:
        """Return whether it can lead to the next part. It may be empty."""
        return _leads(self.words) or _leads(words(" ".join(self.place[-2:])))

    @property
    def is_filled(self) -> bool:
        """Return whether it holds a text or a positive number."""
        if isinstance(self.value, str):
            return bool(self.value.strip())
        return type(self.value) is int and self.value > 0

    @property
    def has_more(self) -> bool | None:
        """Return whether it reports another part, None for other fields."""
        if not isinstance(self.value, bool) or self.words not in _MORE | _LAST:
            return None
        return self.value is (self.words in _MORE)

    @property
    def counts_pages(self) -> bool:
        """Return whether it is the number of pages."""
        return self.words in _PAGES or self.place[-1] == "pages"

    def exceeds(self, rows: int) -> bool:
        """Return whether it counts more rows than `rows`, or several pages."""
        if type(self.value) is not int:
            return False
        if self.counts_pages:
            return self.value > 1
        rest = set(self.words) - {"total"}
        is_total = ("total" in self.words and rest <= _TOTAL) or self.words == ("count",)
        return is_total and self.value > rows


def _leads(named: Words) -> bool:
    rest = set(named) - {"next"}
    is_after = "cursor" in named and named[-1] == "after"
    return ("next" in named and rest <= _NEXT) or named in _CURSORS or is_after


def envelope(body: Json, place: Trail) -> Iterator[Field]:
    """Yield the fields around the rows. `place` is the place of the rows."""
    passed: Trail = ()
    for step in takewhile(lambda step: step != ANY, place):
        if not isinstance(body, dict):
            return
        around = {key: value for key, value in body.items() if key != step}
        yield from _fields(around, passed, DEEPEST)
        body, passed = body.get(step), (*passed, step)


def _fields(value: dict[str, Json], above: Trail, levels: int) -> Iterator[Field]:
    for key, item in value.items():
        if isinstance(item, dict) and levels > 1:
            yield from _fields(item, (*above, key), levels - 1)
        else:
            yield Field((*above, key), item)


def is_last(fields: Sequence[Field]) -> bool:
    """Return whether a field reports that no other part follows."""
    return any(field.has_more is False for field in fields)


def unread(fields: Sequence[Field], rows: int) -> Drift | None:
    """Return the clearest sign of unread parts of the list."""
    if is_last(fields):
        return None
    cursors = (_drift("next part", each) for each in fields if each.is_cursor and each.is_filled)
    flags = (_drift("next part", each, canonical(each.value)) for each in fields if each.has_more)
    totals = (_drift("larger total", each) for each in fields if each.exceeds(rows))
    return next(chain(cursors, flags, totals), None)


def _drift(
    what: Literal["next part", "larger total"], field: Field, value: JsonText | None = None
) -> Drift:
    return Drift(what, f"$.{dotted(field.place)}", value, ())
