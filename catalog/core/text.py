"""Values, numbers and spans in English: what sentences are made of.

Names and values are the provider's and may hold anything. Control characters and line separators
become spaces here, so that no line can be forged and no terminal driven, whoever shows it; every
other character that nobody sees is spelled out.
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
    """Show one value: numbers with thousands separators, text bare and cut, absence as words."""
    return cut(_plain(value), VALUE_LIMIT)


def one_line(text: str) -> str:
    """Make every control character and line separator a space, and spell out what nobody sees."""
    if not text.isprintable():  # nearly all are: no need to look at each character
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
    """Show a value as JSON in ASCII, which tells apart what looks alike."""
    return "missing" if value is None else json.dumps(parse(value))


def move(before: JsonText | None, after: JsonText | None) -> str:
    """Show both sides, so that they never look the same; of long texts only from the difference."""
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
    """Say what came to a list of words and what left it; None where these are no such lists."""
    if before is None or after is None or before == after:
        return None
    old, new = parse(before), parse(after)
    if not (isinstance(old, list) and isinstance(new, list) and all(map(_is_word, old + new))):
        return None
    if sorted(old) == sorted(new):
        return "the same in another order"
    came = [f"+{word}" for word in new if word not in old]
    left = [f"-{word}" for word in old if word not in new]
    return cut(", ".join(came + left), VALUE_LIMIT) or None


def _is_word(value: Json) -> bool:
    return isinstance(value, str) and bool(value.strip()) and one_line(value) == value


def duration(span: timedelta) -> str:
    """Write a span in its largest whole unit: `6 days`, `1 hour`, `5 minutes`."""
    seconds = max(0, int(span.total_seconds()))
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        if seconds >= size:
            return count(seconds // size, unit)
    return "0 seconds"


def count(number: int, noun: str) -> str:
    """Write a number with its noun: `1 model`, `1,200 models`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def name_of(model: Model) -> str:
    """Name a model by what calls take."""
    return cut(model.name, VALUE_LIMIT)


def examples(names: Sequence[str]) -> str:
    """Name the first few, and say how many more there are."""
    shown = ", ".join(cut(name, VALUE_LIMIT) for name in names[:EXAMPLES])
    more = len(names) - EXAMPLES
    return f"{shown} and {more:,} more" if more > 0 else shown


ALIKE = 0.8
"""Of 0 to 1. Just below it stands what a cluster sets by itself, such as CATALOG_DATABASE_PORT."""


def closest(word: str, known: Iterable[str]) -> str | None:
    """Return the known name that is most like the word, or None."""
    from difflib import get_close_matches  # only wanted where there is a mistake

    return next(iter(get_close_matches(word, tuple(known), n=1, cutoff=ALIKE)), None)


def did_you_mean(name: str | None) -> str:
    """Ask for what was meant, at the end of a sentence; nothing where it is not known."""
    return f"; did you mean {name}?" if name else ""
