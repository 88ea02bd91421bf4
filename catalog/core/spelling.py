"""What a name that is not known was meant to be."""

from collections.abc import Iterable

ALIKE = 0.8
"""Of 0 to 1. Just below it stands what a cluster sets by itself, such as CATALOG_DATABASE_PORT."""


def closest(word: str, known: Iterable[str]) -> str | None:
    """Return the known name that is most like the word, or None."""
    from difflib import get_close_matches  # only wanted where there is a mistake

    return next(iter(get_close_matches(word, tuple(known), n=1, cutoff=ALIKE)), None)


def did_you_mean(name: str | None) -> str:
    """Ask for what was meant, at the end of a sentence; nothing where it is not known."""
    return f"; did you mean {name}?" if name else ""
