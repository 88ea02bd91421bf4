"""Format values, numbers and durations for English sentences.

Names and values of the provider may contain anything. Control characters and line separators become
spaces, so that a value cannot fake a line or control a terminal. Other invisible characters are
spelled out.
"""

import json
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import timedelta
from itertools import accumulate, islice

from catalog.core.snapshot import Model
from catalog.core.strict_json import Json, JsonText, cut, is_reordered, parse
from catalog.core.visible import visible

VALUE_LIMIT = 120
PREFIX_LIMIT = 30
EXAMPLES = 3
_BREAKS = {"Cc", "Zl", "Zp"}


def show(value: JsonText | None) -> str:
    """Return a value for display, cut and without quotes."""
    return cut(_plain(value), VALUE_LIMIT)


def one_line(text: str) -> str:
    """Return text on one line, with invisible characters spelled out."""
    if not text.isprintable():  # fast, because most texts are printable
        text = "".join(" " if unicodedata.category(c) in _BREAKS else c for c in text)
    return visible(text)


def _plain(value: JsonText | None) -> str:
    if value is None:
        return "missing"
    parsed = parse(value)
    if isinstance(parsed, int) and not isinstance(parsed, bool):
        return f"{parsed:,}"
    bare = isinstance(parsed, str) and one_line(parsed).strip()
    return one_line(parsed if bare else value)


def _exact(value: JsonText | None) -> str:
    """Return a value as ASCII JSON, to distinguish similar looking values."""
    return "missing" if value is None else json.dumps(parse(value))


def move(before: JsonText | None, after: JsonText | None, limit: int = VALUE_LIMIT) -> str:
    """Return both sides of a change, so that they look different.

    Each side has at most `limit` characters. Long ones are cut around their difference.
    """
    listed = _of_lists(before, after, limit)
    if listed is not None:
        return listed
    old, new = _plain(before), _plain(after)
    if old.split() == new.split():
        old, new = _exact(before), _exact(after)
    return " → ".join(differing(old, new, limit))


def differing(old: str, new: str, limit: int = VALUE_LIMIT) -> tuple[str, str]:
    """Cut two texts to `limit` characters each, around their difference.

    A long common beginning or end is omitted.
    """
    context = min(PREFIX_LIMIT, limit // 4)
    shared = _shared(old, new)
    start = max(old.rfind("/", 0, shared), old.rfind(" ", 0, shared), shared - context)
    if start >= context:
        old, new = f"…{old[start:]}", f"…{new[start:]}"
    if max(len(old), len(new)) > limit:
        most = min(len(old), len(new)) - _shared(old, new)
        spare = _shared(old[::-1], new[::-1], most) - context
        if spare > 1:
            old, new = f"{old[:-spare]}…", f"{new[:-spare]}…"
    return cut(old, limit), cut(new, limit)


def both(old: str, new: str, limit: int = VALUE_LIMIT) -> tuple[str, str]:
    """Return both texts, cut around their difference if one is long."""
    return differing(old, new, limit) if max(len(old), len(new)) > limit else (old, new)


def _shared(one: str, other: str, most: int | None = None) -> int:
    """Return the length of the common beginning, up to `most`."""
    pairs = islice(zip(one, other, strict=False), most)
    common = next((at for at, (a, b) in enumerate(pairs) if a != b), None)
    if common is not None:
        return common
    shorter = min(len(one), len(other))
    return shorter if most is None else min(shorter, most)


def _of_lists(before: JsonText | None, after: JsonText | None, limit: int) -> str | None:
    """Return the words added to and removed from a list, or None."""
    if before is None or after is None or before == after:
        return None
    old, new = parse(before), parse(after)
    if not (isinstance(old, list) and isinstance(new, list)):
        return None
    if is_reordered(old, new):
        return "the same in another order"
    if all(map(_is_number, old + new)):
        old, new = ([json.dumps(each) for each in side] for side in (old, new))
    elif not all(map(_is_word, old + new)):
        return None
    known, kept = set(old), set(new)
    added = [f"+{word}" for word in new if word not in known]
    removed = [f"-{word}" for word in old if word not in kept]
    if len(added) == len(removed) == 1 and max(len(added[0]), len(removed[0])) > limit:
        return "+{}, -{}".format(*differing(added[0][1:], removed[0][1:], limit - 1))
    return ", ".join(_first(words, limit) for words in (added, removed) if words) or None


def _first(words: Sequence[str], limit: int) -> str:
    """Return the words that fit, and the number of other words."""
    whole = ", ".join(words)
    if len(whole) <= limit:
        return whole
    room = limit - len(f" and {len(words):,} more")
    ends = accumulate(len(word) + len(", ") for word in words)
    fitting = max(1, sum(end - len(", ") <= room for end in ends))
    rest = f" and {len(words) - fitting:,} more" if fitting < len(words) else ""
    return cut(", ".join(words[:fitting]), limit - len(rest)) + rest


def _is_word(value: Json) -> bool:
    return isinstance(value, str) and bool(value.strip()) and one_line(value) == value


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def duration(span: timedelta) -> str:
    """Return a duration in its largest whole unit, such as `6 days`."""
    seconds = max(0, int(span.total_seconds()))
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        if seconds >= size:
            return count(seconds // size, unit)
    return "0 seconds"


def count(number: int, noun: str) -> str:
    """Return a number and its noun: `1 model`, `1,200 models`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def name_of(model: Model) -> str:
    """Return a model's name for display."""
    return cut(model.name, VALUE_LIMIT)


def examples(names: Sequence[str], most: int = EXAMPLES) -> str:
    """Return the first few names and the number of others."""
    shown = ", ".join(cut(name, VALUE_LIMIT) for name in names[:most])
    more = len(names) - most
    return f"{shown} and {more:,} more" if more > 0 else shown


ALIKE = 0.8
"""The minimum similarity of names.

It excludes CATALOG_DATABASE_PORT, because Kubernetes may create this variable.
"""


def closest(word: str, known: Iterable[str], alike: float = ALIKE) -> str | None:
    """Return the most similar known name, or None. `alike` is from 0 to 1 (the same)."""
    from difflib import get_close_matches  # only needed after a mistake

    return next(iter(get_close_matches(word, tuple(known), n=1, cutoff=alike)), None)


def did_you_mean(name: str | None) -> str:
    """Return a question with the suggested name, or an empty text."""
    return f"; did you mean {name}?" if name else ""
