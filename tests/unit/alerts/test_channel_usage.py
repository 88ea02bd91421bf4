"""The files of the user's code in messages."""

import json
import logging

import pytest

from catalog.alerts.channel import Audience, Message, Used, nothing_used, used_in
from catalog.alerts.event import event_body
from catalog.alerts.log import LogChannel
from catalog.alerts.message import findings_text
from catalog.changes.change import Added, Change, Removed, Updated
from catalog.changes.incident import Trouble
from catalog.core.payload import Drift
from catalog.core.strict_json import canonical
from tests.support.builders import AT, finding, model

USED: Used = {
    ("infomaniak", "alpha"): ("b.py", "a.py"),
    ("infomaniak", "old"): ("a.py", "c.py", "d.py", "e.py"),
    ("other", "beta"): ("z.py",),
}
RENAMED = Updated(model("1", "new"), "name", canonical("old"), canonical("new"))


def message(*changes: Change, rule: str | None = None) -> Message:
    """Make a message of one finding for each change."""
    findings = tuple(finding(each, rule=rule) for each in changes)
    return Message("msg_1", "infomaniak", AT, findings, used=USED)


def test_files_are_found_by_every_name_of_a_change() -> None:
    """Old and new names, all models of a wave or of drift, and only one provider's models count."""
    alpha, beta = model("1", "alpha"), model("2", "beta")
    wave = [Updated(each, "version", None, canonical("2")) for each in (alpha, beta)]
    assert used_in(finding(Removed(alpha)), USED) == ("a.py", "b.py")
    assert used_in(finding(RENAMED, rule="model-renamed"), USED)[0] == "a.py"
    assert used_in(finding(*wave), USED) == ("a.py", "b.py")
    assert used_in(finding(Drift("new field", "x", None, ("alpha",))), USED) == ("a.py", "b.py")
    assert used_in(finding(Removed(beta)), USED) == ()
    assert used_in(finding(Trouble("held", "hold")), USED) == ()
    assert used_in(finding(Removed(alpha)), nothing_used()) == ()


def test_a_channel_can_be_limited_to_used_models() -> None:
    """Incidents are always wanted. Changes need a used model and must pass the other filters."""
    audience = Audience(in_use=True, usage=lambda: USED)
    assert audience.wants(finding(Removed(model("1", "alpha"))))
    assert audience.wants(finding(RENAMED, rule="model-renamed"))
    assert audience.wants(finding(Trouble("held", "hold")))
    assert not audience.wants(finding(Added(model("2", "beta"))))
    others = Audience(types=("stt",), in_use=True, usage=lambda: USED)
    assert not others.wants(finding(Removed(model("1", "alpha"))))


def test_texts_name_the_first_files() -> None:
    """The text names three files below the change, and has no such line if no file uses it."""
    lines = findings_text(message(RENAMED, rule="model-renamed")).split("\n")
    assert lines[1] == "   Used in a.py, c.py, d.py and 1 more file."
    assert "Used in" not in findings_text(message(Removed(model("2", "beta"))))


def test_programs_get_all_files(caplog: pytest.LogCaptureFixture) -> None:
    """A webhook's change has a list of files, and a log line has them in brackets."""
    sent = message(Removed(model("1", "alpha")), Removed(model("2", "beta")))
    changes = json.loads(event_body(sent, ""))["data"]["changes"]
    assert {each["model"]: each.get("used_in") for each in changes} == {
        "alpha": ["a.py", "b.py"],
        "beta": None,
    }
    with caplog.at_level(logging.INFO):
        LogChannel("log", Audience()).send(sent)
    assert "alpha removed (used in a.py, b.py)" in caplog.text
    assert "beta removed\n" in caplog.text
