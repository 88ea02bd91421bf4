"""Describe the changes of aliases in one finding."""

from collections.abc import Iterator, Sequence

from catalog.changes.aliases import added_aliases, dropped_aliases, moved_aliases
from catalog.changes.change import Removed, Updated
from catalog.core.strict_json import cut
from catalog.core.text import EXAMPLES, VALUE_LIMIT, both, examples, name_of


def aliases_moved(updates: Sequence[Updated], limit: int) -> str:
    """Return the aliases that moved, and other changes of these models."""
    moved = moved_aliases(updates)
    words = [
        f"{cut(alias, limit)}: {' → '.join(both(old, new, limit))}" for alias, old, new in moved
    ]
    others = _others(updates, {alias for alias, _, _ in moved})
    return f"{cut(updates[0].field, VALUE_LIMIT)} {_first((*words, *others))}"


def aliases_of_removed(change: Removed) -> str:
    """Return the changes of a removed model's aliases, empty without aliases."""
    gone, moved = change.aliases, change.moved_aliases
    words = f", and its {_named(gone)} with it" if gone else ""
    verb = "is an alias" if len(moved) == 1 else "are aliases"
    return f"{words}; {examples(moved)} {verb} of another model now" if moved else words


def _named(names: Sequence[str]) -> str:
    return f"{'alias' if len(names) == 1 else 'aliases'} {examples(names)}"


def _others(updates: Sequence[Updated], moved: set[str]) -> Iterator[str]:
    for each in updates:
        words = [f"-{alias}" for alias in sorted(dropped_aliases(each) - moved)]
        words += [f"+{alias}" for alias in sorted(added_aliases(each) - moved)]
        if words:
            yield f"{name_of(each.model)} {examples(words)}"


def _first(words: Sequence[str]) -> str:
    """Return the first few, not shortened, and the number of others."""
    more = len(words) - EXAMPLES
    return "; ".join(words[:EXAMPLES]) + (f" and {more:,} more" if more > 0 else "")
