"""Find the common part of several moves of values or names."""

import re
from collections import Counter
from collections.abc import Hashable, Sequence

from catalog.changes.change import Updated
from catalog.changes.renames import swap
from catalog.changes.values import is_number
from catalog.core.strict_json import canonical, parse

_SUFFIX = re.compile(r"[^:\s](:[A-Za-z0-9][\w.-]*)\Z")
_CUT = re.compile(r"(?<![\s.…])[\s.…]++\Z")


def suffix(name: str) -> str | None:
    """Return the variant suffix of a name, such as `:free`."""
    match = _SUFFIX.search(name)
    return match[1] if match else None


def tendency(update: Updated) -> str | None:
    """Return the direction of an update in a word, or None.

    Numbers and their texts have no direction, because 1 is not a shortened 12.
    """
    if update.before is None:
        return "came"
    if update.after is None:
        return "gone"
    old, new = parse(update.before), parse(update.after)
    if not isinstance(old, str) or not isinstance(new, str) or is_number(old) or is_number(new):
        return None
    if _is_cut(old, new):
        return "cut short"
    return "written out" if _is_cut(new, old) else None


def common_tendency(updates: Sequence[Updated]) -> str | None:
    """Return the common direction of these updates, or None."""
    words = {tendency(update) for update in updates}
    how = words.pop() if len(words) == 1 else None
    moves = {(update.field, update.before, update.after) for update in updates}
    says_more = len(moves) == len({update.field for update in updates})
    return how if how in {"came", "gone"} or not says_more else None


def _is_cut(whole_text: str, text: str) -> bool:
    """Return whether `text` is the beginning of `whole_text`, without final dots."""
    start = _CUT.sub("", text)
    return bool(start) and len(text) < len(whole_text) and whole_text.startswith(start)


def likeness(update: Updated) -> Hashable:
    """Return the part of a move that other moves can share.

    That is the added and removed items of a list, the replaced part of a text, or else both values.
    """
    if update.before is None or update.after is None:
        return update.before, update.after
    old, new = parse(update.before), parse(update.after)
    if isinstance(old, str) and isinstance(new, str):
        parts = swap(old, new)
        if parts != (old, new):
            return parts
    if isinstance(old, list) and isinstance(new, list):
        both = [Counter(map(canonical, each)) for each in (old, new)]
        if both[0] & both[1]:
            return frozenset((both[0] - both[1]).items()), frozenset((both[1] - both[0]).items())
    return update.before, update.after
