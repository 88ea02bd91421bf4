"""Format values, numbers and durations for English sentences.

Names and values of the provider may contain anything. Control characters and line separators become
spaces, so that a value cannot fake a line or control a terminal. Other invisible characters are
spelled out.
"""

import json
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import timedelta

from catalog.core.snapshot import Model
from catalog.core.strict_json import Json, JsonText, cut, parse
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


def move(before: JsonText | None, after: JsonText | None) -> str:
    """Return both sides of a change, so that they look different.

    Long texts are shown from their first difference.
    """
    listed = _of_lists(before, after)
    if listed is not None:
        return listed
    old, new = _plain(before), _plain(after)
    if old.split() == new.split():
        old, new = _exact(before), _exact(after)
    pairs = enumerate(zip(old, new, strict=False))
    shared = next((at for at, (a, b) in pairs if a != b), min(len(old), len(new)))
    start = max(old.rfind("/", 0, shared), old.rfind(" ", 0, shared), shared - PREFIX_LIMIT)
    if start >= PREFIX_LIMIT:
        old, new = f"…{old[start:]}", f"…{new[start:]}"
    return f"{cut(old, VALUE_LIMIT)} → {cut(new, VALUE_LIMIT)}"


def _of_lists(before: JsonText | None, after: JsonText | None) -> str | None:
    """Return the words added to and removed from a list, or None."""
    if before is None or after is None or before == after:
        return None
    old, new = parse(before), parse(after)
    if not (isinstance(old, list) and isinstance(new, list) and all(map(_is_word, old + new))):
        return None
    if sorted(old) == sorted(new):
        return "the same in another order"
    added = [f"+{word}" for word in new if word not in old]
    removed = [f"-{word}" for word in old if word not in new]
    return cut(", ".join(added + removed), VALUE_LIMIT) or None


def _is_word(value: Json) -> bool:
    return isinstance(value, str) and bool(value.strip()) and one_line(value) == value


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


def examples(names: Sequence[str]) -> str:
    """Return the first few names and the number of others."""
    shown = ", ".join(cut(name, VALUE_LIMIT) for name in names[:EXAMPLES])
    more = len(names) - EXAMPLES
    return f"{shown} and {more:,} more" if more > 0 else shown


ALIKE = 0.8
"""The minimum similarity of names, above CATALOG_DATABASE_PORT of Kubernetes."""


def closest(word: str, known: Iterable[str]) -> str | None:
    """Return the most similar known name, or None."""
    from difflib import get_close_matches  # only needed after a mistake

    return next(iter(get_close_matches(word, tuple(known), n=1, cutoff=ALIKE)), None)


def did_you_mean(name: str | None) -> str:
    """Return a question with the suggested name, or an empty text."""
    return f"; did you mean {name}?" if name else ""
