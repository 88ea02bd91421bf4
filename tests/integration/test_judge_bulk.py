"""A large removal in a changing catalog is accepted in the end."""

from pathlib import Path

from tests.support.builders import body, row
from tests.support.http_server import answer
from tests.support.rig import rig


def cut(version: int) -> bytes:
    """Write seven models, one with another version each time."""
    return body(
        *(row(id=at, name=f"m{at}", version=str(version if at == 1 else 0)) for at in range(1, 8))
    )


def test_a_large_removal_is_accepted_although_something_else_moves(tmp_path: Path) -> None:
    """Three polls in a row that lack the same nine of sixteen models are believed."""
    whole = body(*(row(id=at, name=f"m{at}") for at in range(1, 17)))
    steps = [answer(body=each) for each in (whole, cut(1), cut(2), cut(3))]
    with rig(tmp_path, *steps) as it:
        assert it.outcomes(4) == ["first", "held", "held", "changed"]
