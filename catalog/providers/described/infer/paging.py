"""Propose the paging of a list, from the fields around its rows."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from catalog.core.paths import Trail
from catalog.core.spelling import Words, words
from catalog.core.strict_json import Json, dotted
from catalog.providers.parts import Field, envelope, is_last, unread
from catalog.report.sentences import drift_sentence

_ADDRESS = re.compile(r"https?://|[/?]", re.IGNORECASE)
_LINKS = frozenset({"url", "uri", "link", "href", "odata"})
_FIRST_WORD = re.compile(r"next[_-]?|(?<=[a-z])Next|^Next", re.ASCII)
_WHOLE: set[Words] = {("next", "token"), ("continuation", "token"), ("scroll", "id")}
"""Cursors whose query parameter has the same name."""
_PAGE: set[Words] = {("page",), ("current", "page"), ("page", "number"), ("page", "index")}
_PAGE |= {("page", "no"), ("page", "num")}


def paging(answer: Json, place: Trail, rows: int) -> tuple[dict[str, Any], list[str]]:
    """Return the paging of the rows at a place, and notes.

    The paging is empty without a sign of it.
    """
    fields = list(envelope(answer, place))
    proposed = next(filter(None, _proposals(fields, rows)), None)
    missing = unread(fields, rows)
    if missing is None:
        return ({"paging": proposed} if proposed else {}), []
    sign = drift_sentence(missing)
    if proposed is None:
        return {}, [f"{sign}; set paging, or a query that asks for all rows"]
    return {"paging": proposed}, [f"{sign}; check that the proposed paging reads the others"]


def _proposals(fields: Sequence[Field], rows: int) -> Iterator[dict[str, Any] | None]:
    flags = [each for each in fields if each.has_more is not None and words_have_more(each)]
    more = {"more": dotted(flags[0].place)} if flags else {}
    cursors = [each for each in fields if each.is_cursor and _is_open(each)]
    for field in sorted(cursors, key=lambda each: not each.is_filled):
        yield _followed(field, more)
    if flags:
        for field in fields:
            if field.words == ("last", "id"):
                at = dotted(field.place)
                yield {"by": "cursor", "at": at, "parameter": _after(field.place[-1])} | more
    if not is_last(fields) and any(each.exceeds(rows) for each in fields):
        yield next((_numbered(each) for each in fields if each.words in _PAGE), None)


def words_have_more(field: Field) -> bool:
    """Return whether a flag means "more", as `paging.more` expects."""
    return "last" not in field.words


def _is_open(field: Field) -> bool:
    return field.value is None or isinstance(field.value, str) or type(field.value) is int


def _followed(field: Field, more: dict[str, str]) -> dict[str, Any]:
    at, named = dotted(field.place), words(" ".join(field.place[-2:]))
    is_link = not _LINKS.isdisjoint(named) or field.words == ("next",)
    if isinstance(field.value, str) and field.value:
        is_link = _ADDRESS.match(field.value) is not None
    if is_link:
        return {"by": "next", "at": at}
    return {"by": "cursor", "at": at, "parameter": _parameter(field)} | more


def _parameter(field: Field) -> str:
    """Return the likely query parameter: `pageToken` for `nextPageToken`."""
    key = field.place[-1]
    if field.words in _WHOLE:
        return key
    if field.words == ("end", "cursor") or field.words[-1:] == ("after",):
        return "after"
    rest = _FIRST_WORD.sub("", key, count=1)
    return f"{rest[:1].lower()}{rest[1:]}" if rest else "cursor"


def _after(key: str) -> str:
    return "after_id" if "_" in key else "afterId"


def _numbered(field: Field) -> dict[str, Any] | None:
    if type(field.value) is not int or field.value not in {0, 1}:
        return None
    first = {} if field.value == 1 else {"first": field.value}
    return {"by": "page", "parameter": field.place[-1]} | first
