"""The likeness of short texts, and its fast upper bound."""

from difflib import SequenceMatcher

from hypothesis import example, given
from hypothesis import strategies as st

from catalog.changes.text_likeness import MOST, ratio, upper_bound

TEXTS = st.text("abA -/é世", max_size=40) | st.text(max_size=20)


@given(TEXTS, TEXTS)
@example("a" * 3 * MOST, "a" * 2 * MOST)
@example("", "")
def test_the_bound_is_never_below_the_likeness(one: str, another: str) -> None:
    """So a model below the bound of others can be left out."""
    assert ratio(one, another) == SequenceMatcher(None, one, another).ratio()
    assert ratio(one, another) <= upper_bound(one, another) <= 1


def test_texts_without_common_characters_are_not_alike() -> None:
    """The bound is as low as it can be for them."""
    assert upper_bound("abc", "xyz") == 0
    assert upper_bound("abc", "cab") == 1
