"""How a value moved: which way, by what it says and not by how it is written."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from urllib.parse import urlsplit

from catalog.changes.change import Updated
from catalog.core.strict_json import Json, canonical, dotted, leaves, parse

NOISE = Decimal("1e-12")
"""Fractions that differ by this share or less are one number: doubles carry about 16 digits."""
LONGEST = 400
"""In characters; no double has more digits."""
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")
_MOMENT = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})([Tt ].*)?")


def moves(update: Updated, *, numeric: bool = False, link: bool = False) -> frozenset[str]:
    """Name the ways in which a value moved, as rules.toml calls them.

    `numeric` says that the field holds numbers, so that two texts are compared as numbers too;
    `link` that it holds an address of which only the path matters.
    """
    old = None if update.before is None else parse(update.before)
    new = None if update.after is None else parse(update.after)
    if old is None or new is None:
        return _absent(old, new)
    before, after = number(old), number(new)
    if before is not None and after is not None:
        texts = isinstance(old, str) and isinstance(new, str)
        if _is_same(before, after):
            return frozenset({"respelled"} if numeric or not texts else ())
        return frozenset({"raised" if after > before else "lowered"})
    if link and _has_same_path(old, new):
        return frozenset({"relinked"})
    moment = _moment(old)
    same = moment is not None and moment == _moment(new)
    return frozenset({"respelled"} if same or _is_reordered(old, new) else ())


def fields_within(update: Updated) -> Iterator[Updated]:
    """Yield the fields of an object that came, went, or stands where null or another value was."""
    sides = [None if side is None else parse(side) for side in (update.before, update.after)]
    old, new = (dict(leaves(side)) if isinstance(side, dict) else {} for side in sides)
    for path in sorted(old.keys() | new.keys()):
        field = f"{update.field}.{dotted(path)}"
        texts = (canonical(side[path]) if path in side else None for side in (old, new))
        yield Updated(update.model, field, *texts)


def _absent(old: Json, new: Json) -> frozenset[str]:
    if old is None and new is None:
        return frozenset({"nothing"})
    value, word = (new, "gained") if old is None else (old, "lost")
    zero = number(value)
    return frozenset({word, "zero"} if zero is not None and zero == 0 else {word})


def number(value: Json) -> Decimal | None:
    """Read a number, also out of a text such as `5e-09`; None where it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    text = str(value).strip()
    if len(text) > LONGEST or not _NUMBER.fullmatch(text):
        return None
    return Decimal(text)


def _is_same(one: Decimal, other: Decimal) -> bool:
    if one == other:
        return True
    whole = one == one.to_integral_value() and other == other.to_integral_value()
    return not whole and abs(one - other) <= NOISE * max(abs(one), abs(other))


def _has_same_path(old: Json, new: Json) -> bool:
    """Whether two addresses differ in their host, query or fragment alone."""
    try:
        return bool(urlsplit(old).path) and urlsplit(old).path == urlsplit(new).path
    except (AttributeError, TypeError, ValueError):  # no texts, or odd ones: `http://[`
        return False


def _is_reordered(old: Json, new: Json) -> bool:
    """Whether both are lists of the same texts."""
    lists = isinstance(old, list) and isinstance(new, list)
    return lists and all(isinstance(i, str) for i in (*old, *new)) and sorted(old) == sorted(new)


def _moment(value: Json) -> datetime | None:
    """Read a date or a time, `2025-1-6` too; without a zone it is in UTC."""
    match = _MOMENT.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        return None
    try:
        day = f"{match[1]}-{int(match[2]):02}-{int(match[3]):02}"
        moment = datetime.fromisoformat(day + (match[4] or ""))
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
