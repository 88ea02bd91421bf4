"""Annotations as GitHub's runner reads them from the output of a step."""

from catalog.changes.change import Level
from catalog.check.notice import Notice
from catalog.check.outcome import Outcome, one_line
from catalog.core.files import shown

_COMMANDS = {Level.BREAKING: "error", Level.WARNING: "warning", Level.INFO: "notice"}


def annotations(outcome: Outcome) -> str:
    """Write one line for each notice and for each file that was not checked to its end."""
    skipped = (
        f"::warning file={_property(each.path)},title=not checked::{_data(each.skipped)}\n"
        for each in outcome.skipped
    )
    return "".join((*(f"{_annotation(notice)}\n" for notice in outcome.heeded.notices), *skipped))


def _annotation(notice: Notice) -> str:
    places = {
        "file": shown(notice.path),
        "line": str(notice.line),
        "col": str(notice.column),
        "title": f"{notice.rule} model name",
    }
    given = ",".join(f"{name}={_property(value)}" for name, value in places.items())
    return f"::{_COMMANDS[notice.level]} {given}::{_data(one_line(notice))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
