"""Classify how a value moved, by meaning and not by spelling."""

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from urllib.parse import urlsplit

from catalog.changes.change import Updated
from catalog.changes.items import leaves
from catalog.core.clock import read_moment
from catalog.core.strict_json import (
    Json,
    JsonText,
    canonical,
    dotted,
    is_reordered,
    parse,
    undotted,
)

NOISE = Decimal("1e-12")
"""Fractions that differ by at most this share are equal, because doubles have 16 digits."""
TINY = {"price": Decimal("0.001"), "context_limit": Decimal("0.01")}
"""Moves below this share of a value are too small to act on, by attribute."""
JUMP = 20
"""Factors above this are implausible for a price or limit."""
NINES = 8
"""Numbers of this many nines or more mean that there is no value."""
UNIT = 100
"""Factors above this look like another unit."""
LONGEST = 400
"""The maximum number of characters of a number. No double is longer."""
THRESHOLDS = frozenset(
    {"above", "below", "from", "gt", "gte", "lt", "lte", "over", "size", "threshold", "to"}
    | {"under", "up_to", "upto"}
)
"""Fields of price tiers that limit a price to some calls, such as `tier.size`."""
_AMOUNT = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")


def moves(update: Updated, attribute: str | None = None) -> frozenset[str]:
    """Return the moves of a value, named as in rules.toml.

    Prices and limits are compared as numbers, even if they are texts. Of a `route`, only the path
    is compared.
    """
    return _moves(update.before, update.after, attribute)


@lru_cache(1024)  # because a judgment needs it twice, and many models move alike
def _moves(
    before_text: JsonText | None, after_text: JsonText | None, attribute: str | None
) -> frozenset[str]:
    old = None if before_text is None else parse(before_text)
    new = None if after_text is None else parse(after_text)
    if attribute == "price" and isinstance(old, str) and isinstance(new, str):
        old, new = _amounts(old, new)
    before, after = number(old), number(new)
    if before is not None and after is not None and _is_same(before, after):
        texts = isinstance(old, str) and isinstance(new, str)
        return frozenset({"respelled"} if attribute in TINY or not texts else ())
    if attribute in TINY:
        zeroed = attribute == "context_limit" and after == 0
        old, new = _stated(old, attribute), _stated(new, attribute)
        if zeroed and old is not None:
            return frozenset({"lost", "zeroed"})
    if old is None or new is None:
        return _absent(old, new)
    if before is not None and after is not None:
        extent = _extent(before, after, TINY[attribute]) if attribute in TINY else set()
        return frozenset({"raised" if after > before else "lowered", *extent})
    if attribute == "route" and _has_same_path(old, new):
        return frozenset({"relinked"})
    if _is_extended(old, new):
        return frozenset({"extended"})
    same = _is_same_moment(old, new) or is_reordered(old, new)
    return frozenset({"respelled"} if same else ())


def attribute_within(field: str, attribute: str | None) -> str | None:
    """Return the attribute of a field, None for a price threshold."""
    is_threshold = attribute == "price" and undotted(field)[-1].casefold() in THRESHOLDS
    return None if is_threshold else attribute


def factor(before: Json, after: Json) -> Decimal | None:
    """Return the ratio of the larger to the smaller number, or None."""
    old, new = number(before), number(after)
    if not old or not new:
        return None
    return max(abs(old), abs(new)) / min(abs(old), abs(new))


def _extent(before: Decimal, after: Decimal, tiny: Decimal) -> set[str]:
    """Return words for a very small or large move."""
    if not after:
        return {"zeroed"}
    if abs(after - before) < tiny * abs(before):
        return {"tiny"}
    times = factor(str(before), str(after))
    return {"jump"} if times is not None and times > JUMP else set()


def _stated(value: Json, attribute: str | None) -> Json:
    """Return a price or limit, None if the number means no value.

    Providers write -1 or 99999999 for unlimited or variable, and a limit of 0 for unknown.
    """
    found = number(value)
    if found is None:
        return value
    nines = found == found.to_integral_value() and set(str(found.to_integral_value())) == {"9"}
    if found == -1 or (nines and len(str(int(found))) >= NINES):
        return None
    return None if attribute == "context_limit" and found <= 0 else value


def fields_within(update: Updated) -> Iterator[Updated]:
    """Yield the inner fields that appeared or disappeared."""
    if not any((side or "").startswith(("[", "{")) for side in (update.before, update.after)):
        return  # the usual case
    sides = [None if side is None else parse(side) for side in (update.before, update.after)]
    if all(isinstance(side, list) for side in sides):
        return
    old, new = (dict(leaves(side)) if isinstance(side, dict | list) else {} for side in sides)
    for path in sorted(old.keys() | new.keys()):
        field = f"{update.field}.{dotted(path)}"
        before, after = (canonical(side[path]) if path in side else None for side in (old, new))
        yield Updated(update.model, field, before, after)


def _absent(old: Json, new: Json) -> frozenset[str]:
    if old is None and new is None:
        return frozenset({"nothing"})
    value, word = (new, "gained") if old is None else (old, "lost")
    zero = number(value)
    return frozenset({word, "zero"} if zero is not None and zero == 0 else {word})


def number(value: Json) -> Decimal | None:
    """Return the number of a value or text (`5e-09`), or None."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    text = str(value).strip()
    if len(text) > LONGEST or not _NUMBER.fullmatch(text):
        return None
    return Decimal(text)


def _amounts(old: str, new: str) -> tuple[str, str]:
    """Return the amounts of prices such as `$1.00 / 1M`.

    The texts differ in one number only.
    """
    if _AMOUNT.sub("", old) != _AMOUNT.sub("", new):
        return old, new
    pairs = zip(_AMOUNT.findall(old), _AMOUNT.findall(new), strict=True)
    unlike = [pair for pair in pairs if pair[0] != pair[1]]
    if len(unlike) != 1 or is_number(old):
        return old, new
    before, after = (text.replace(",", "") for text in unlike[0])
    return before, after


def is_number(value: Json) -> bool:
    """Return whether a value is a number or the text of one."""
    return number(value) is not None


def _is_same(one: Decimal, other: Decimal) -> bool:
    if one == other:
        return True
    whole = one == one.to_integral_value() and other == other.to_integral_value()
    return not whole and abs(one - other) <= NOISE * max(abs(one), abs(other))


def _has_same_path(old: Json, new: Json) -> bool:
    try:
        return bool(urlsplit(old).path) and urlsplit(old).path == urlsplit(new).path
    except (AttributeError, TypeError, ValueError):  # not texts, or malformed: `http://[`
        return False


def _is_extended(old: Json, new: Json) -> bool:
    """Return whether a list only gained words."""
    lists = isinstance(old, list) and isinstance(new, list)
    if not lists or not all(isinstance(i, str) for i in (*old, *new)):
        return False
    return set(old) < set(new)


def _is_same_moment(old: Json, new: Json) -> bool:
    if not isinstance(old, str) or not isinstance(new, str):
        return False
    moment = read_moment(old)
    return moment is not None and moment == read_moment(new)
