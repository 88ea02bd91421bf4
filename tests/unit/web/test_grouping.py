"""Findings are grouped for the eye, and their models are links."""

from datetime import timedelta

from catalog.changes.change import Added, Removed, Updated
from catalog.changes.finding import Finding
from catalog.core.snapshot import Model
from catalog.core.strict_json import JsonText
from catalog.web.grouping import by_day, digest
from catalog.web.links import LiveLinks
from catalog.web.render import linked, marked
from tests.support.builders import AT, finding, model

DAY = timedelta(days=1)
ALPHA, BETA, GAMMA = model(), model("2", "beta"), model("3", "gamma")


def _added(which: Model, days: int = 0) -> Finding:
    return finding(Added(which), at=AT - days * DAY)


def test_findings_of_a_day_share_its_date() -> None:
    """Each day comes once, with its findings in their order."""
    days = by_day([_added(ALPHA), _added(BETA), _added(GAMMA, 1)])
    assert [(day.isoformat(), len(found)) for day, found in days] == [
        ("2025-12-23", 2),
        ("2025-12-22", 1),
    ]


def test_findings_of_one_rule_share_a_line() -> None:
    """The most severe line of a day comes first, and names each model once."""
    removed = finding(Removed(GAMMA))
    ((_, lines),) = digest([_added(ALPHA), _added(BETA), _added(BETA), removed], 5)
    assert [line.first.rule for line in lines] == ["model-removed", "model-added"]
    assert lines[1].models(1) == ([("1", "alpha")], 1)
    assert lines[1].models(9) == ([("1", "alpha"), ("2", "beta")], 0)


def test_a_line_says_what_happened_to_how_many_models() -> None:
    """Removed models are counted as such, and other changes as changes."""
    price = Updated(ALPHA, "price", JsonText("1"), JsonText("2"))
    prices = [finding(price, at=AT)] * 2
    ((_, lines),) = digest([_added(ALPHA), _added(BETA), *prices], 5)
    assert [line.title for line in lines] == ["2 changes", "2 models added"]


def test_a_digest_has_a_limit() -> None:
    """Lines beyond the limit are left out, and so are days without a line."""
    days = digest([_added(ALPHA), _added(BETA, 1), _added(GAMMA, 2)], 2)
    assert [len(lines) for _, lines in days] == [1, 1]


def test_the_name_in_a_sentence_is_the_link() -> None:
    """A model is a link where the sentence names it, except on its own page."""
    link = '<a class="name" href="/models/infomaniak/1">alpha</a> added'
    assert linked(_added(ALPHA), LiveLinks()).startswith(link)
    assert linked(_added(ALPHA), LiveLinks(), "1").startswith("alpha added")


def test_a_name_is_found_only_as_a_whole() -> None:
    """A name inside a longer word is no link, and markup in a name is text."""
    tag = "<b>"
    shown = linked(_added(model("7", tag, type=f"x{tag}")), LiveLinks())
    assert shown.count("<a ") == 1
    assert tag not in shown
    both = finding(Added(model("1", "alphas")), Added(model("2", "alpha")))
    assert ">alpha</a>" in linked(both, LiveLinks())
    within = finding(Added(model("1", "model")), Added(model("2", "alpha")))
    assert linked(within, LiveLinks()).startswith('2 models added (<a class="name"')


def test_dates_are_not_broken_at_their_hyphens() -> None:
    """A date in a text is kept on one line, and code stays code."""
    assert marked("run `catalog sync` by 2026-01-02.") == (
        'run <code>catalog sync</code> by <span class="nowrap">2026-01-02</span>.'
    )
