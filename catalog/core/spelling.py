"""Split field names into words, so that all spellings are equal."""

import re
from functools import lru_cache
from typing import TypeAlias

Words: TypeAlias = tuple[str, ...]
"""The words of a name in lower case and singular: `maxInputTokens` is max, input, token."""

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\d_A-Z]+|\d+")
_SHORT = 3
_SINGULAR = ("ss", "us", "is", "alias")


@lru_cache(4096)
def words(name: str) -> Words:
    """Return the words of a name in camelCase, snake_case or kebab-case."""
    return tuple(_singular(word.lower()) for word in _WORD.findall(name))


def _singular(word: str) -> str:
    if len(word) <= _SHORT or not word.endswith("s") or word.endswith(_SINGULAR):
        return word
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    return word[:-2] if word.endswith("aliases") else word[:-1]
