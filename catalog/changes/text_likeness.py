"""Compare short texts, such as the names of models.

Results are kept for the next call, because a server compares the same names again and again.
"""

from collections import Counter
from difflib import SequenceMatcher
from functools import lru_cache

TEXTS = 16_384
"""Texts, and pairs of texts, whose results are kept: a few MB."""
SLOTS, MOST = 96, 8
"""Each character counts in one slot, up to 8 times."""


@lru_cache(TEXTS)
def ratio(one: str, another: str) -> float:
    """Return how alike two texts are, from 0 to 1."""
    return SequenceMatcher(None, one, another).ratio()


def upper_bound(one: str, another: str) -> float:
    """Return a fast value that `ratio` does not exceed."""
    (ours, more), (theirs, others) = _marks(one), _marks(another)
    common = (ours & theirs).bit_count() + min(more, others)
    length = len(one) + len(another)
    return 2 * common / length if length else 1.0


@lru_cache(TEXTS)
def _marks(text: str) -> tuple[int, int]:
    """Return the characters as bits, and how many have no bit.

    The n-th character of a slot sets its n-th bit. So the common bits of two texts count at least
    their common characters, in any order.
    """
    bits = 0
    for slot, number in Counter(ord(each) % SLOTS for each in text).items():
        bits |= ((1 << min(number, MOST)) - 1) << (slot * MOST)
    return bits, len(text) - bits.bit_count()
