"""The replacement of a removed model, in a line of a message."""

import pytest

from catalog.changes.change import Added, Removed
from catalog.report.ends import instead
from tests.support.builders import finding, model

LLAMA, QWEN = model("6", "llama3"), model("7", "qwen2")


@pytest.mark.parametrize(
    ("candidates", "words"),
    [
        ((), ""),
        (("qwen3",), "; instead: qwen3"),
        (("qwen3", "mixtral", "alpha"), "; instead: qwen3 or 2 others"),
    ],
)
def test_the_best_replacement_is_named(candidates: tuple[str, ...], words: str) -> None:
    """The first candidate is named, and the others are counted."""
    assert instead(finding(Removed(LLAMA, candidates=candidates))) == words


def test_each_model_of_a_wave_has_its_own() -> None:
    """Models that left together are named with one replacement each."""
    pair = Removed(LLAMA, candidates=("a", "b")), Removed(QWEN, candidates=("c",))
    assert instead(finding(*pair)) == "; instead: llama3 → a, qwen2 → c"


def test_a_name_that_still_works_needs_none() -> None:
    """A name that is an alias now, and a model that was never there, get no replacement."""
    removed = Removed(LLAMA, candidates=("qwen3",))
    assert instead(finding(removed, rule="removed-with-alias")) == ""
    assert instead(finding(removed, rule="model-withdrawn")) == ""
    assert instead(finding(Added(LLAMA))) == ""
