"""The event of a webhook."""

import json

from catalog.alerts.channel import Message
from catalog.alerts.event import MOST_CHARACTERS, event_body
from catalog.changes.change import Updated
from catalog.core.strict_json import canonical
from tests.support.builders import AT, finding, model


def test_long_texts_are_cut_around_their_difference() -> None:
    """Two long texts that differ at the end still differ in a short event."""
    sides = (canonical("word " * 5_000 + end) for end in ("old", "new"))
    message = Message("1", "p", AT, (finding(Updated(model(), "text", *sides)),))
    (change,) = json.loads(event_body(message, "text", 10_000))["data"]["changes"]
    assert (change["before"], change["after"], change["cut"]) == ("… old", "… new", True)


def test_values_of_other_types_are_cut_by_themselves() -> None:
    """A long new text is cut at its end."""
    change_of_text = Updated(model(), "text", None, canonical("word " * 5_000))
    message = Message("1", "p", AT, (finding(change_of_text),))
    (change,) = json.loads(event_body(message, "text", 10_000))["data"]["changes"]
    assert len(change["after"]) == MOST_CHARACTERS
