"""The sentences about aliases."""

from dataclasses import replace

from catalog.changes.flapping import FLAPPING
from catalog.report.sentences import sentence
from tests.unit.changes.test_aliases import Rows, found, told


def test_aliases_that_most_models_lose_are_named() -> None:
    """A finding about many models says which aliases went, not how many moves there were."""
    before: Rows = {f"m{at}": {"also": [f"old{at}", f"new{at}"]} for at in range(9)}
    after: Rows = {f"m{at}": {"also": [f"new{at}"]} for at in range(9)}
    said = "also m0 -old0; m1 -old1; m2 -old2 and 6 more"
    assert told(found(before, after)) == [("alias-dropped", said)]
    nothing: Rows = {f"m{at}": {} for at in range(9)}
    (gone,) = told(found(before, nothing))
    assert gone == (
        "alias-dropped",
        "also m0 -new0, -old0; m1 -new1, -old1; m2 -new2, -old2 and 6 more",
    )


def test_an_alias_that_goes_back_is_named() -> None:
    """A finding about an alias that keeps switching says between which models it goes."""
    before: Rows = {"a": {"also": ["latest"]}, "b": {"also": []}}
    (finding,) = found(before, {"a": {"also": []}, "b": {"also": ["latest"]}})
    assert sentence(finding) == "also latest: a → b"
    returned = replace(finding, rule=FLAPPING, moves=2)
    assert sentence(returned) == "also latest: a → b, keeps switching: change 2"
