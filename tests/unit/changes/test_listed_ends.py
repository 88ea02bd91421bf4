"""Ends that a list states: new, moved, cancelled, and their precedence."""

from datetime import UTC, date, datetime, timedelta

import pytest

from catalog.changes.announced import Announced
from catalog.changes.change import Cancelled, Removed, Retiring
from catalog.changes.finding import Delisted, Level
from catalog.changes.forecast import (
    REMIND,
    End,
    Evidence,
    Forecast,
    LastReport,
    Note,
    candidates,
    ends,
    forecast,
    retiring,
)
from catalog.changes.judge import Case, judge
from catalog.changes.listed_ends import cancelled, compare_ends, moved, with_successors
from catalog.changes.rules import Lifecycle
from catalog.core.paths import Attributes
from tests.support.builders import model, snapshot

AT = datetime(2026, 11, 1, tzinfo=UTC)
DAY = timedelta(days=1)
FIELD = "the provider's expiration_date"
FIRST, THEN = date(2026, 12, 5), date(2026, 12, 20)


def said(key: str = "1", until: date | None = FIRST, successor: str | None = None) -> Announced:
    """Return what the list says about the end of a model."""
    return Announced(model(key, f"m{key}"), until, successor, FIELD)


def stating(*found: Announced, **given: Note) -> Evidence:
    """Return the evidence of a list, and of notes."""
    notes = {note.key: note for note in given.values()}
    return Evidence(notes, stated={each.model.key: each for each in found})


def test_a_note_precedes_the_list_and_the_list_precedes_the_policy() -> None:
    """A person's note counts before the provider's field, which counts before the policy."""
    policy, gone = Lifecycle(30, "policy"), Delisted(model(), AT, None)
    note = Note("1", AT, THEN, source="a mail")
    stated = Forecast(FIRST, "announced", FIELD, is_stated=True)
    assert forecast("1", gone, stating(said()), policy) == stated
    assert forecast("1", None, stating(said()), policy) == stated
    noted = Forecast(THEN, "announced", "a mail")
    assert forecast("1", None, stating(said(), note=note), policy) == noted
    only_successor = Note("1", AT, successor="beta")
    assert forecast("1", None, stating(said(), note=only_successor), policy) == stated
    assert forecast("1", None, stating(said(until=None, successor="beta")), policy) is None


def test_the_announced_successor_is_suggested_after_a_noted_one() -> None:
    """The provider's successor is found by name or key, after a person's and before guesses."""
    evidence = stating(said(successor="4"), note=Note("1", AT, successor="m3"))
    known = ends({}, evidence, None)
    listed = [model(key, f"m{key}") for key in "12345"]
    found = candidates(known, evidence, listed, leaving={"2"})["1"]
    assert [(each.name, each.is_noted, each.is_announced) for each in found] == [
        ("m3", True, False),
        ("m4", False, True),
        ("m5", False, False),
    ]
    same = stating(said(successor="3"), note=Note("1", AT, successor="m3"))
    assert [each.name for each in candidates(known, same, listed)["1"]] == ["m3", "m2", "m4"]
    itself = stating(said(successor="m1"))
    assert [each.name for each in candidates(known, itself, listed)["1"]] == ["m2", "m3", "m4"]
    absent = candidates(known, stating(said(successor="new")), listed)["1"]
    assert (absent[0].name, absent[0].is_listed, absent[0].is_announced) == ("new", False, True)


def test_a_removal_names_the_successor() -> None:
    """A removed model carries the noted successor, else the announced one."""
    changes = with_successors(
        [
            Removed(model("1")),
            Removed(model("2")),
            Removed(model("3")),
            Cancelled("4", "d", "llm", FIRST),
        ],
        stating(
            said("1", successor="b"), said("2", successor="b"), note=Note("2", AT, successor="c")
        ),
    )
    assert [getattr(each, "successor", "none") for each in changes] == ["b", "c", None, "none"]


def report(until: date, last: LastReport | None, now: datetime = AT) -> list[Retiring]:
    """Return the reports of a stated end."""
    known = ends({}, stating(said(until=until)), None)
    return list(retiring(known, {} if last is None else {"1": last}, REMIND, AT, now))


def judged(change: Retiring | Cancelled, at: datetime = AT, **levels: Level) -> tuple[str, Level]:
    """Return rule and level of the end of a model."""
    ids = {rule.replace("_", "-"): level for rule, level in levels.items()}
    (finding,) = judge([change], Case("acme", at, Attributes(), None, levels=ids))
    return finding.rule, finding.level


@pytest.mark.parametrize(
    ("until", "last", "rule", "level"),
    [
        (FIRST, None, "retirement-ahead", Level.WARNING),
        (date(2026, 11, 8), None, "retirement-soon", Level.BREAKING),
        (date(2026, 10, 8), None, "retirement-over", Level.BREAKING),
        (THEN, FIRST, "retirement-postponed", Level.INFO),
        (date(2026, 11, 6), date(2026, 11, 3), "retirement-postponed", Level.INFO),
        (FIRST, THEN, "retirement-brought-forward", Level.WARNING),
        (date(2026, 11, 3), THEN, "retirement-brought-forward", Level.BREAKING),
        (date(2026, 10, 30), THEN, "retirement-over", Level.BREAKING),
    ],
)
def test_a_stated_end_is_new_postponed_or_brought_forward(
    until: date, last: date | None, rule: str, level: Level
) -> None:
    """Each has a rule of its own, and a day that comes soon is breaking, unless it is later."""
    before = None if last is None else LastReport(last, "announced", AT - DAY)
    (change,) = report(until, before)
    assert change.is_stated
    assert change.moved_from == last
    assert judged(change) == (rule, level)


def test_a_level_that_was_set_wins() -> None:
    """A configured level of brought-forward ends also counts in the last days."""
    (change,) = report(date(2026, 11, 3), LastReport(THEN, "announced", AT - DAY))
    assert judged(change, retirement_brought_forward=Level.INFO)[1] is Level.INFO


def test_a_day_that_replaces_the_policy_is_not_postponed() -> None:
    """The policy's day is a minimum, so an announced day does not move it."""
    (change,) = report(THEN, LastReport(FIRST, "policy", AT - DAY))
    assert judged(change)[0] == "retirement-ahead"


def test_a_stated_end_is_reported_once_and_reminded() -> None:
    """A known end is silent until its next mark, and reminders are no news of the list."""
    last = LastReport(FIRST, "announced", AT)
    assert report(FIRST, last, AT + DAY) == []
    (change,) = report(FIRST, last, AT + 5 * DAY)
    assert (change.mark, change.is_stated) == (30, False)


def test_a_removal_on_the_stated_day_says_it() -> None:
    """The end of a model that left on its day or later is not reported again."""
    gone = Delisted(model(), AT, None)
    stated = Forecast(AT.date(), "announced", FIELD, is_stated=True)
    assert retiring([End(gone.model, gone, stated)], {}, REMIND, AT, AT + DAY) == ()
    later = Forecast(FIRST, "announced", FIELD, is_stated=True)
    assert len(retiring([End(gone.model, gone, later)], {}, REMIND, AT, AT + DAY)) == 1


def test_an_end_that_is_no_longer_stated_is_cancelled() -> None:
    """Only an announced end of a listed model is cancelled, and it is info."""
    reports = {
        "1": LastReport(FIRST, "announced", AT),
        "2": LastReport(FIRST, "policy", AT),
        "3": LastReport(FIRST, "announced", AT),
        "4": LastReport(FIRST, "announced", AT),
    }
    listed = {key: model(key, f"m{key}") for key in "123"}
    known = ends({}, stating(said("3")), None)
    (change,) = cancelled(known, reports, listed)
    assert change == Cancelled("1", "m1", "llm", FIRST)
    assert judged(change) == ("retirement-cancelled", Level.INFO)


def test_which_ends_have_a_finding_of_their_own() -> None:
    """A moved day has one, unless a note precedes it or an unreported end is cancelled."""
    before = {each.model.key: each for each in (said("1"), said("2"), said("3"), said("5"))}
    after = {
        each.model.key: each for each in (said("1"), said("2", THEN), said("4"), said("5", THEN))
    }
    notes = {"5": Note("5", AT, THEN), "2": Note("2", AT, successor="beta")}
    reports = {"3": LastReport(FIRST, "announced", AT)}
    assert moved(before, after, Evidence(notes), reports) == {"2", "3", "4"}
    assert moved(before, after, Evidence(notes), {}) == {"2", "4"}


def test_two_states_are_compared() -> None:
    """Between two states of a list, new, moved and cancelled ends are found, with successors."""
    models = [model(key, f"m{key}") for key in "1234"]
    before, after = (snapshot(*models, at=at) for at in (AT, AT + DAY))
    old = {"1": said("1"), "2": said("2"), "4": said("4")}
    new = {"2": said("2", THEN), "3": said("3", successor="m1"), "4": said("4")}
    found = compare_ends(before, after, old, new)
    assert [(each.key, each.kind) for each in found] == [
        ("1", "cancelled"),
        ("2", "retiring"),
        ("3", "retiring"),
    ]
    assert [each.candidates for each in found if isinstance(each, Retiring)] == [("m1",), ("m1",)]
    assert [each.successor for each in found if isinstance(each, Retiring)] == [None, "m1"]
    assert [each.shift for each in found if isinstance(each, Retiring)] == ["postponed", None]
