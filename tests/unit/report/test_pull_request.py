from datetime import timedelta

from catalog.changes.change import Added
from catalog.changes.finding import Level
from catalog.report.pull_request import LONGEST, MOST, body, title
from tests.support.builders import AT, finding, model


def test_the_most_severe_changes_come_first() -> None:
    """The title counts each level, and the text begins with the most severe change."""
    minor = finding(level=Level.INFO)
    grave = finding(Added(model("2", "beta")), level=Level.BREAKING, at=AT + timedelta(hours=1))
    assert title((minor, grave)) == "Model lists: 1 breaking, 1 info"
    lines = body((minor, grave), AT).splitlines()
    assert lines[0] == "2 changes since 2025-12-23T10:16:55Z:"
    assert [line.split(" | ")[2] for line in lines[4:6]] == ["breaking", "info"]


def test_a_text_without_changes_says_so() -> None:
    """Without a change the text says that only the overview is new."""
    assert title(()) == "Model lists: no change reported"
    assert body((), AT).startswith("No change is reported since 2025-12-23T10:16:55Z; only")


def test_a_long_text_is_cut_at_whole_rows() -> None:
    """Many changes and long names stay below the limit, and the rest is counted."""
    many = tuple(finding(Added(model(str(n), f"m{n}"))) for n in range(MOST + 3))
    assert "\n3 more: `catalog changes` lists all of them.\n" in body(many, AT)
    long = tuple(finding(Added(model(str(n), "@" * 5_000))) for n in range(MOST))
    text = body(long, AT)
    assert len(text) < LONGEST + 1_000
    assert " more: `catalog changes`" in text or text.count("\n| ") == MOST + 2
