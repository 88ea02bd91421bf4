"""The reports of a later poll about earlier moves."""

from datetime import timedelta

from catalog.changes.change import Removed, Restored, Updated
from catalog.changes.finding import Delisted
from catalog.changes.flapping import AWAY, DAMPED, FLAPPING, LISTED, Move
from catalog.changes.later import settled_changes
from catalog.core.strict_json import JsonText
from tests.support.builders import AT, model

LATER = AT + timedelta(days=4)


def settled(field: str | None, before: JsonText, after: JsonText) -> tuple[Move, Move]:
    """Return the reported and the last move of model 1."""
    place = ("1", field)
    return Move(place, after, before, AT, FLAPPING), Move(place, before, after, LATER, DAMPED)


def test_a_removal_that_an_earlier_version_damped_is_reported() -> None:
    """A model that settled away or back is reported by what the list says now."""
    away, back = settled(None, LISTED, AWAY), settled(None, AWAY, LISTED)
    gone = {"1": Delisted(model(), LATER, None)}
    assert settled_changes([away], {}, gone, ()) == [Removed(model())]
    assert settled_changes([back], {"1": model()}, {}, ()) == [Restored(model(), AT)]
    assert settled_changes([away], {}, {}, ()) == []


def test_a_place_that_moves_now_is_left_out() -> None:
    """A value that moves in this poll is reported by its own change, and one of no model never."""
    pair = settled("x", JsonText("1"), JsonText("2"))
    (found,) = settled_changes([pair], {"1": model()}, {}, ())
    assert found == Updated(model(), "x", JsonText("1"), JsonText("2"), since=LATER)
    assert settled_changes([pair], {"1": model()}, {}, {("1", "x")}) == []
    assert settled_changes([pair], {}, {"1": Delisted(model(), LATER, None)}, ()) == []
