from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.changes.change import Basis, Retiring
from catalog.changes.finding import Delisted
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
    reached,
    retiring,
)
from catalog.changes.rules import Lifecycle
from tests.support.builders import model

AT = datetime(2026, 5, 19, 15, 48, tzinfo=UTC)
DAY = timedelta(days=1)
POLICY = Lifecycle(30, "the policy")
GONE = Delisted(model(), AT, date(2026, 6, 18), "policy", "the policy")
NOTE = Note("1", AT, date(2026, 12, 1), source="https://x.example/mail")
PROOF = (datetime(2026, 6, 20, 8, tzinfo=UTC), "refused on 2026-06-20 by chat-v2")
BY_POLICY = Forecast(date(2026, 6, 18), "policy", "the policy")
ANNOUNCED = Forecast(date(2026, 12, 1), "announced", "https://x.example/mail")
PROVED = Forecast(date(2026, 6, 20), "proved", "refused on 2026-06-20 by chat-v2")


@pytest.mark.parametrize(
    ("gone", "note", "proof", "expected"),
    [
        (GONE, None, None, BY_POLICY),
        (GONE, NOTE, None, ANNOUNCED),
        (GONE, NOTE, PROOF, PROVED),
        (GONE, None, PROOF, PROVED),
        (None, NOTE, None, ANNOUNCED),
        (None, NOTE, PROOF, PROVED),
        (None, None, PROOF, None),
        (None, None, None, None),
        (GONE, Note("1", AT, successor="beta"), None, BY_POLICY),
        (None, Note("1", AT, successor="beta"), None, None),
        (GONE, Note("1", AT), None, BY_POLICY),
        (None, Note("1", AT), None, None),
    ],
)
def test_the_strongest_ground_counts_alone(
    gone: Delisted | None,
    note: Note | None,
    proof: tuple[datetime, str] | None,
    expected: Forecast | None,
) -> None:
    """Proved precedes announced, announced precedes policy, each with its own day."""
    notes = {} if note is None else {"1": note}
    grounds = Evidence(notes, {} if proof is None else {"1": proof})
    assert forecast("1", gone, grounds, POLICY) == expected


def test_an_announcement_without_a_source_says_when_it_was_noted() -> None:
    """The source is then the day of the note."""
    grounds = Evidence({"1": Note("1", AT, date(2026, 12, 1))})
    told = forecast("1", None, grounds, None)
    assert told == Forecast(date(2026, 12, 1), "announced", "noted on 2026-05-19")


@pytest.mark.parametrize(
    "gone",
    [
        Delisted(model(), AT, date(2026, 12, 1), "announced", "a mail"),
        Delisted(model(), AT, None),
    ],
)
def test_the_policy_is_worked_out_where_it_was_not_said(gone: Delisted) -> None:
    """If the evidence at the removal is withdrawn, the policy is computed."""
    assert forecast("1", gone, Evidence(), POLICY) == BY_POLICY
    assert forecast("1", gone, Evidence(), None) is None


def test_every_model_with_an_end_is_found_in_key_order() -> None:
    """Removed models and listed models with a note are found, and no others."""
    gone = {key: Delisted(model(key), AT, date(2026, 6, 18), "policy", "p") for key in ("10", "2")}
    notes = {key: Note(key, AT, date(2026, 12, 1)) for key in ("9", "10")} | {"3": Note("3", AT)}
    grounds = Evidence(notes, noted={"9": model("9"), "3": model("3")})
    known = ends(gone, grounds, POLICY)
    assert [end.model.key for end in known] == ["2", "9", "10"]
    assert [end.forecast.basis for end in known] == ["policy", "announced", "announced"]
    assert [end.gone is None for end in known] == [False, True, False]


@pytest.mark.parametrize(
    ("days", "mark"),
    [(31, None), (30, 30), (15, 30), (14, 14), (8, 14), (7, 7), (2, 7), (1, 1), (0, 0), (-9, 0)],
)
def test_the_most_urgent_mark_counts(days: int, mark: int | None) -> None:
    """Between two marks the smaller one counts, and after the last one always that."""
    assert reached(REMIND, days) == mark
    assert reached((), days) is None


def told_over(moments: list[datetime], gone: Delisted) -> list[tuple[datetime, Retiring]]:
    """Return the reports at these times, remembered as the store does."""
    told: dict[str, LastReport] = {}
    heard, since = [], gone.gone_since
    for now in moments:
        known = ends({"1": gone}, Evidence(), POLICY)
        for change in retiring(known, told, REMIND, since, now):
            heard.append((now, change))
            told[change.key] = LastReport(change.until, change.basis, now)
        since = now
    return heard


def test_a_poll_a_day_tells_each_mark_once() -> None:
    """After a removal, daily polls give four reminders."""
    heard = told_over([AT + DAY * day for day in range(100)], GONE)
    assert [(now.date(), each.mark) for now, each in heard] == [
        (date(2026, 6, 4), 14),
        (date(2026, 6, 11), 7),
        (date(2026, 6, 17), 1),
        (date(2026, 6, 18), 0),
    ]
    assert {each.moved_from for _, each in heard} == {None}


@given(st.lists(st.integers(0, 24 * 90), max_size=60))
def test_each_mark_is_told_once_whenever_it_is_asked(hours: list[int]) -> None:
    """At any times, each mark is reported at most once, smallest last."""
    moments = [AT + timedelta(hours=hour) for hour in sorted(hours)]
    heard = told_over(moments, GONE)
    marks = [each.mark for _, each in heard]
    assert marks == sorted({mark for mark in marks if mark is not None}, reverse=True)
    assert all(each.mark == reached(REMIND, each.days_left(now)) for now, each in heard)
    expected = reached(REMIND, BY_POLICY.days_left(moments[-1])) if moments else None
    assert (marks or [30])[-1] == (expected if expected is not None else 30)


def test_missed_marks_become_one() -> None:
    """After a pause over the whole time there is one reminder and no more."""
    heard = told_over([AT + DAY, AT + DAY * 90, AT + DAY * 91], GONE)
    assert [(each.mark, each.days_left(now)) for now, each in heard] == [(0, -60)]


def test_what_was_over_before_is_not_told() -> None:
    """An end before the previous check is not reported."""
    end = End(GONE.model, GONE, BY_POLICY)
    later = AT + DAY * 200
    assert retiring([end], {}, REMIND, later, later + DAY) == ()


@pytest.mark.parametrize(
    ("until", "basis", "moved"),
    [
        (date(2026, 12, 1), "announced", date(2026, 6, 18)),
        (date(2026, 6, 18), "announced", None),
        (date(2026, 6, 20), "proved", date(2026, 6, 18)),
    ],
)
def test_another_day_or_basis_is_reported_and_starts_again(
    until: date, basis: Basis, moved: date | None
) -> None:
    """A new day or source is reported at once, with the previous day."""
    end = End(GONE.model, GONE, Forecast(until, basis, "why"))
    now = AT + DAY
    (change,) = retiring([end], {}, REMIND, now, now)
    assert (change.until, change.basis, change.ground) == (until, basis, "why")
    assert change.moved_from == moved
    assert change.mark == reached(REMIND, (until - now.date()).days)
    told = {"1": LastReport(until, basis, now)}
    assert retiring([end], told, REMIND, now, now) == ()
    last = datetime(until.year, until.month, until.day, tzinfo=UTC)
    again = retiring([end], told, REMIND, now, last)
    assert [each.mark for each in again] == [0]


def test_a_removal_after_a_reminder_tells_the_day_itself() -> None:
    """A removal after the reminder counts as the last report."""
    gone = Delisted(model(), AT, date(2026, 6, 1), "announced", "a mail")
    end = End(gone.model, gone, Forecast(date(2026, 6, 1), "announced", "a mail"))
    old = {"1": LastReport(date(2026, 7, 1), "announced", AT - DAY)}
    assert retiring([end], old, REMIND, AT, AT) == ()
    newer = {"1": LastReport(date(2026, 7, 1), "announced", AT)}
    (change,) = retiring([end], newer, REMIND, AT, AT)
    assert change.moved_from == date(2026, 7, 1)


def test_a_clock_that_was_ahead_does_not_silence_what_comes() -> None:
    """After one reminder by a wrong clock, later marks are reported."""
    end = End(GONE.model, GONE, BY_POLICY)
    told = {"1": LastReport(BY_POLICY.until, "policy", AT + DAY * 400)}
    for since, days, marks in ((400, 10, []), (10, 15, []), (15, 16, [14]), (16, 23, [7])):
        heard = retiring([end], told, REMIND, AT + DAY * since, AT + DAY * days)
        assert [each.mark for each in heard] == marks


def test_another_pass_that_began_a_little_later_has_told() -> None:
    """Of two parallel passes, the later one repeats no report."""
    end = End(GONE.model, GONE, BY_POLICY)
    now = AT + DAY * 17
    told = {"1": LastReport(BY_POLICY.until, "policy", now + timedelta(seconds=5))}
    assert retiring([end], told, REMIND, AT + DAY, now) == ()
    assert retiring([end], {}, REMIND, AT + DAY, now) != ()


def test_without_marks_only_what_is_new_is_told() -> None:
    """An empty list of marks stops reminders, not new ends."""
    end = End(model(), None, ANNOUNCED)
    late = datetime(2026, 12, 1, tzinfo=UTC)
    (change,) = retiring([end], {}, (), AT, late)
    assert change.mark is None
    assert retiring([end], {"1": LastReport(ANNOUNCED.until, "announced", AT)}, (), AT, late) == ()


def test_candidates_have_no_end_themselves() -> None:
    """A model with an end is no candidate, unless a person named it."""
    known = ends(
        {"1": GONE},
        Evidence({"2": Note("2", AT, date(2026, 12, 1))}, noted={"2": model("2", "beta")}),
        POLICY,
    )
    listed = [model("2", "beta"), model("3", "gamma")]
    found = candidates(known, Evidence(), listed)
    assert [each.name for each in found["1"]] == ["gamma"]
    named = Evidence({"1": Note("1", AT, successor="beta")})
    found = candidates(known, named, listed)
    assert [(each.name, each.is_noted, each.is_listed) for each in found["1"]] == [
        ("beta", True, True),
        ("gamma", False, True),
    ]
