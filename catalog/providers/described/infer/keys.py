"""Choose the key of the rows, and the name that calls use."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from catalog.core.spelling import Words
from catalog.core.strict_json import Json
from catalog.providers.described.infer.attributes import is_about
from catalog.providers.described.infer.columns import Column

_RANKS: dict[Words, int] = {
    ("id",): 0,
    ("model", "id"): 1,
    ("model",): 2,
    ("model", "name"): 3,
    ("slug",): 4,
    ("name",): 5,
    ("key",): 6,
    ("identifier",): 7,
}
"""The rank of each known name of a key, most likely first."""
_ENDINGS = {"id": 10, "slug": 11, "name": 12, "key": 13, "identifier": 13, "arn": 20, "uri": 21}
_INSIDE, _ANY_TEXT = 30, 60
_OF_OTHERS = frozenset(
    {"owner", "author", "user", "org", "organization", "vendor", "creator", "publisher", "parent"}
    | {"provider", "base", "version", "license", "tokenizer", "task", "policy", "billing", "face"}
    | {"display", "friendly", "pricing", "price", "permission", "category", "family", "account"}
    | {"project", "root", "hugging", "source", "group", "team", "created", "by"}
)
"""Words of fields that describe something other than the model."""
_PROSE = frozenset(
    {"description", "title", "label", "summary", "url", "link", "href", "digest", "hash", "sha"}
    | {"date", "time", "at", "version", "readme", "logo", "image", "icon", "fingerprint", "etag"}
    | {"hex", "md", "checksum"}
)
_OWNERS: tuple[Words, ...] = (("owner",), ("namespace",), ("author",), ("username",), ("user",))
_LONGEST = 200
_OPAQUE = re.compile(r"\d+|(?=[a-f-]*\d)[0-9a-f-]{12,}", re.IGNORECASE | re.ASCII)
_MANY, _DOUBTFUL = 100, 0.02


class Key(NamedTuple):
    """The proposed key, and the name if calls use another text.

    `column` is the field of the key if it has only one.
    """

    key: str
    name: str | None = None
    column: Column | None = None
    notes: tuple[str, ...] = ()


def named_key(columns: Sequence[Column]) -> Column | None:
    """Return the unique field with the best known name."""
    ranked = sorted(_ranked(columns), key=_by_rank)
    return next((each for rank, each in ranked if rank < _ANY_TEXT and _is_unique(each)), None)


def choose_key(
    columns: Sequence[Column], stars: int, *, is_map: bool, groups: Sequence[Column] = ()
) -> Key:
    """Return the key of the rows.

    `stars` is the number of `*` in their place. `groups` holds the keys of the objects around the
    rows, by the number of their `*`.
    """
    if is_map:
        return _key_of_map(columns, stars)
    one = named_key(columns)
    if one is not None:
        return _owned(one, columns) or _single(one, columns)
    texts = [each for rank, each in _ranked(columns) if rank == _ANY_TEXT]
    for each in texts:
        if _is_unique(each):
            note = f"{each.place} is different for all models here: check that it always is"
            return Key(each.place, None, each, (note,))
    return _grouped(columns, groups) or _pair(columns, texts) or _by_path(columns, stars)


def named_pair(columns: Sequence[Column], groups: Sequence[Column]) -> tuple[Column, Column] | None:
    """Return a group's key and a field that identify rows together."""
    named = [each for rank, each in sorted(_ranked(columns), key=_by_rank) if rank < _ANY_TEXT]
    pairs = ((group, each) for each in named for group in groups)
    return next((pair for pair in pairs if _are_unique(*pair)), None)


def _grouped(columns: Sequence[Column], groups: Sequence[Column]) -> Key | None:
    """Return the key `{1}/{id}` if ids are only unique within a group."""
    found = named_pair(columns, groups)
    if found is None:
        return None
    group, one = found
    note = f"groups share values of {one.place}: with the group's key, all rows are different here"
    return Key(f"{{{group.place}}}/{{{one.place}}}", one.place, None, (note,))


def _key_of_map(columns: Sequence[Column], stars: int) -> Key:
    own = (each for rank, each in _ranked(columns) if rank < _RANKS["model",])
    same = next((each for each in own if _is_unique(each)), None)
    return _by_path((), stars) if same is None else Key(same.place, None, same)


def _single(one: Column, columns: Sequence[Column]) -> Key:
    notes = []
    if _without_key(one):
        wrong = "is missing or the same in some rows"
        notes.append(f"{one.place} {wrong}: the provider must correct them")
    is_opaque = all(_OPAQUE.fullmatch(str(value)) for value in one.values)
    called = _call_name(columns, is_deep=is_opaque) if is_opaque or one.depth > 1 else None
    name = None if called is None or called is one else called.place
    return Key(one.place, name, one, tuple(notes))


def _owned(one: Column, columns: Sequence[Column]) -> Key | None:
    """Return the key `{owner}/{name}` if names need their owner."""
    if one.words not in {("name",), ("slug",)} or any("/" in str(each) for each in one.values):
        return None
    for words in _OWNERS:
        for each in columns:
            if each.words == words and each.depth == one.depth == 1 and _is_text(each):
                note = f"names are from {each.place} and {one.place}: check which names calls use"
                return Key(f"{{{each.place}}}/{{{one.place}}}", None, one, (note,))
    return None


def _pair(columns: Sequence[Column], texts: Sequence[Column]) -> Key | None:
    """Return a key of two fields. The first one has a known name."""
    others = [*texts, *(each for each in columns if _is_text(each) and each not in texts)]
    others.sort(key=lambda each: each.words != ("version",))
    named = [each for _, each in sorted(_ranked(columns), key=_by_rank)]
    for one in sorted(named, key=lambda each: each.distinct == 1):
        for other in others:
            if one is not other and _are_unique(one, other):
                also = f"with {other.place}, all are different here"
                note = f"several models have the same {one.place}: {also}"
                return Key(f"{{{one.place}}}/{{{other.place}}}", one.place, None, (note,))
    return None


def _are_unique(one: Column, other: Column) -> bool:
    """Return whether two fields identify the rows together."""
    if not all(each.is_complete and each.are(str, int) for each in (one, other)):
        return False
    return len(set(zip(map(str, one.values), map(str, other.values), strict=True))) == one.rows


def _by_rank(ranked: tuple[float, Column]) -> float:
    return ranked[0]


def _by_path(columns: Sequence[Column], stars: int) -> Key:
    """Return a key from the path to a row."""
    key, notes = "/".join(f"{{{star}}}" for star in range(1, stars + 1)), []
    called = _call_name(columns)
    if columns:
        notes.append("no field is different for all models: the key is the path to a row")
        notes.append("part of the path is a position in a list: a moved row is another model")
    return Key(key, None if called is None else called.place, None, tuple(notes))


def _call_name(columns: Sequence[Column], *, is_deep: bool = False) -> Column | None:
    """Return the field with the name in calls, preferably without blanks.

    With `is_deep`, it may be in an object that describes the model.
    """
    named = sorted(_ranked(columns), key=_by_rank)
    texts = [
        each
        for rank, each in named
        if rank < _ANY_TEXT and each.words != ("id",) and _is_text(each)
        if each.depth == 1 or (is_deep and is_about(each))
    ]
    plain = (each for each in texts if not any(" " in str(value) for value in each.values))
    return next(plain, texts[0] if texts else None)


def _ranked(columns: Sequence[Column]) -> Iterator[tuple[float, Column]]:
    """Yield the fields that may be a key, with their rank."""
    for each in columns:
        if each.is_in_list or not {"{", "}"}.isdisjoint(each.place):
            continue
        rank = _rank(each)
        if rank is not None:
            yield rank, each


def _rank(column: Column) -> float | None:
    named, is_inside = column.words, column.depth > 1
    if _OF_OTHERS.isdisjoint(named + column.above) and named:
        ending = None if is_inside else _ENDINGS.get(named[-1])
        rank = _RANKS.get(named, ending)
        if rank is not None and _PROSE.isdisjoint(named):
            return rank + _INSIDE * is_inside + 0.5 * column.trail[-1].startswith("_")
    is_plain = not is_inside and column.are(str) and _PROSE.isdisjoint(named)
    return _ANY_TEXT if is_plain and not any(map(_is_long, column.values)) else None


def _is_long(value: Json) -> bool:
    return len(str(value)) > _LONGEST


def _is_text(column: Column) -> bool:
    return column.is_complete and column.are(str) and not any(map(_is_long, column.values))


def _is_unique(column: Column) -> bool:
    """Return whether a field identifies the rows, except a few of many."""
    missing = _without_key(column)
    return missing == 0 or (column.rows > _MANY and missing <= _DOUBTFUL * column.rows)


def _without_key(column: Column) -> int:
    """Return the number of rows without a valid and unique key."""
    texts = {str(each) for each in column.values if type(each) in {str, int}}
    return column.rows - sum(not text.isspace() for text in texts)
