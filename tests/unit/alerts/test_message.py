"""The text of messages: order, reasons, safety and size."""

from datetime import UTC, date, datetime, timedelta

import pytest

from catalog.alerts.channel import Message
from catalog.alerts.message import (
    LINE_LENGTH,
    LINES,
    SUBJECT_LENGTH,
    findings_text,
    inert,
    levels,
    subject,
    when,
)
from catalog.changes.change import Added, Removed, Renamed, Updated
from catalog.changes.finding import Finding, Level
from catalog.core.payload import Drift
from catalog.core.strict_json import canonical
from tests.support import builders
from tests.support.builders import AT, finding, model

UNTIL = date(2026, 6, 18)
GROUND = "the lifecycle policy"
INFO = "ℹ️"  # noqa: RUF001  # this sign is intended


def message(*findings: Finding, at: datetime = AT) -> Message:
    """Return the message of these findings."""
    return Message("msg_1", "infomaniak", at, findings)


def removed(name: str, key: str, at: datetime = AT) -> Finding:
    """Make a removal with a last day."""
    gone = Removed(model(key, name))
    return finding(gone, at=at, rule="model-removed", callable_until=UNTIL, ground=GROUND)


def added(name: str, key: str = "1", at: datetime = AT) -> Finding:
    """Make a finding of a new model."""
    return finding(Added(builders.model(key, name, max_token_input=None, info_status=None)), at=at)


def renamed(before: str, after: str) -> Finding:
    """Make a finding of a renamed model."""
    change = Updated(model(name=after), "name", canonical(before), canonical(after))
    return finding(change, rule="model-renamed", level=Level.BREAKING)


def read(*findings: Finding, lines: int = LINES) -> list[str]:
    """Return the lines of a message's findings."""
    return findings_text(message(*findings), lines).split("\n")


def test_findings_of_one_kind_are_explained_once() -> None:
    """The changes come first, then their common reason and last day."""
    assert read(added("kimi", "9"), removed("granite", "7"), removed("llama3", "6")) == [
        "⛔ llama3 removed",
        "⛔ granite removed",
        "   Calls that use this name fail once the provider stops serving it.",
        "   Callable until at least 2026-06-18 (the lifecycle policy).",
        f"{INFO} kimi added: llm",
        "   A new model can be tried.",
    ]


def test_a_renaming_has_both_names_and_no_last_day() -> None:
    """The text has both names and the reason, and says that the last day is unknown."""
    elsewhere = finding(Renamed(model(name="old"), "2", "new"), rule="name-changed")
    assert read(elsewhere)[-1] == "   It is not known how long the old name still works."
    assert read(renamed("llama-3", "llama3")) == [
        "⛔ llama3: name llama-3 → llama3",
        "   Calls use the name, and the old name stops working.",
        "   It is not known how long the old name still works.",
    ]


def test_a_removed_rule_has_no_reason() -> None:
    """A finding of a removed rule is still shown."""
    old = finding(renamed("a", "b").change, rule="rule-of-old", level=Level.WARNING)
    assert read(old) == ["⚠️ b: name a → b"]


def test_a_digest_is_sorted_by_poll() -> None:
    """Findings of several polls are below the time of their poll, oldest first."""
    later = AT + timedelta(hours=3)
    assert read(removed("llama3", "6", later), added("kimi", "9"), added("qwen", "8", later)) == [
        "── 2025-12-23 10:16 UTC",
        f"{INFO} kimi added: llm",
        "   A new model can be tried.",
        "",
        "── 2025-12-23 13:16 UTC",
        "⛔ llama3 removed",
        "   Calls that use this name fail once the provider stops serving it.",
        "   Callable until at least 2026-06-18 (the lifecycle policy).",
        f"{INFO} qwen added: llm",
        "   A new model can be tried.",
    ]


@pytest.mark.parametrize(
    ("findings", "shown", "last"),
    [
        (29, 29, "   A new model can be tried."),
        (30, 29, "and 1 more finding (info), see: catalog alerts show msg_1"),
        (1500, 29, "and 1,471 more findings (1,471 info), see: catalog alerts show msg_1"),
    ],
)
def test_omitted_findings_are_counted(findings: int, shown: int, last: str) -> None:
    """After thirty lines the message counts the other findings."""
    lines = read(*(added(f"m{n}", str(n)) for n in range(findings)))
    assert (sum(line.startswith(INFO) for line in lines), lines[-1]) == (shown, last)
    assert len(lines) <= LINES + 1


def test_the_most_severe_finding_is_kept_if_room_is_short() -> None:
    """A digest omits the least severe findings of any poll."""
    later = AT + timedelta(days=1)
    early = [added(f"m{n}", str(n)) for n in range(40)]
    lines = read(*early, removed("llama3", "99", later), lines=8)
    assert "⛔ llama3 removed" in lines
    assert lines[-1] == "and 39 more findings (39 info), see: catalog alerts show msg_1"
    assert len(lines) <= 9 + 1


@pytest.mark.parametrize(
    ("most", "last"),
    [
        (0, "20 findings (20 info), see: catalog alerts show msg_1"),
        (7, "and 13 more findings (13 info), see: catalog alerts show msg_1"),
        (20, "   A new model can be tried."),
    ],
)
def test_a_text_has_a_maximum_number_of_findings(most: int, last: str) -> None:
    """The other findings are counted with the command that shows all."""
    text = findings_text(message(*(added(f"m{n}", str(n)) for n in range(20))), most=most)
    assert text.count(" added: llm") == most
    assert text.split("\n")[-1] == last


@pytest.mark.parametrize("separator", ["\n", "\r", "\v", "\x1b", "\x85", "\u2028", "\u2029", "\0"])
def test_a_name_cannot_add_a_line(separator: str) -> None:
    """A line break in a name adds no line to text or subject."""
    forged = added(f"x{separator}infomaniak: 9 breaking")
    assert len(read(forged)) == 2
    assert separator == "\n" or separator not in findings_text(message(forged))
    assert separator not in subject(message(forged))


def test_long_names_are_cut() -> None:
    """Names of a million characters do not make a message of a million characters."""
    long = "x" * 10**6
    drift = finding(Drift("new value", long, canonical(long), (long,) * 3))
    line = read(drift)[0]
    assert len(line) == LINE_LENGTH
    assert line.endswith("x…")
    assert len(subject(message(drift, drift))) < SUBJECT_LENGTH + 50


def test_the_subject_has_the_most_severe_finding() -> None:
    """One line has the most severe finding, the count and the levels."""
    gone, new = removed("llama3", "6"), added("kimi")
    assert subject(message(gone)) == "infomaniak: llama3 removed (breaking)"
    several = message(new, gone, new)
    assert subject(several) == "infomaniak: llama3 removed, and 2 more (1 breaking, 2 info)"
    assert subject(message()) == "infomaniak: nothing to report"
    assert levels([]) == ""


def test_the_time_of_a_message() -> None:
    """One poll has a time, several have the first and last, all in UTC."""
    later = datetime(2025, 12, 24, 9, 0, tzinfo=UTC)
    assert when(message()) == when(message(added("a"))) == "2025-12-23 10:16 UTC"
    both = message(added("a", at=later), added("b"))
    assert when(both) == "2025-12-23 10:16 UTC to 2025-12-24 09:00 UTC"


@pytest.mark.parametrize(
    ("plain", "written"),
    [
        ("<!channel> <@U1> 1 < 2", "<\u200b!channel> <\u200b@\u200bU1> 1 < 2"),
        ("@everyone a @ b", "@\u200beveryone a @ b"),
        ("[free](http://evil)", "[free]\u200b(http://evil)"),
    ],
)
def test_inert(plain: str, written: str) -> None:
    """Text for any chat has no pings or links and reads the same."""
    assert inert(plain) == written
