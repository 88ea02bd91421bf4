"""What findings say about aliases."""

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
