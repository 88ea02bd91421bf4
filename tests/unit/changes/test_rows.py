from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from catalog.changes.rows import BadRowReports, bad_row_reports, row_news
from catalog.core.errors import Problem
from catalog.core.payload import Drift, Refused
from tests.support.builders import AT

DAY = timedelta(days=1)
APART = 3 * DAY


def bad(key: str, name: str | None = None) -> Refused:
    """Make a bad row, without a readable key for an empty one."""
    problem = Problem("$.data[7].id", "nothing", "text")
    return Refused("$.data[7]", key or None, {}, problem, name or key or None)


def after(*polls: tuple[int, list[Refused]]) -> tuple[BadRowReports, list[list[Drift]]]:
    """Return the state after polls with bad rows, and the reports."""
    output: list[list[Drift]] = []
    history: list[tuple[Drift, timedelta]] = []
    for day, rows in polls:
        known = bad_row_reports((drift, AT + at) for drift, at in history)
        output.append(list(row_news("$.data", rows, known, AT + day * DAY, APART)))
        history += [(drift, day * DAY) for drift in output[-1]]
    return bad_row_reports((drift, AT + at) for drift, at in history), output


def said(output: list[list[Drift]]) -> list[list[tuple[str, tuple[str, ...]]]]:
    """Return the reports of each poll, with the names."""
    return [[(each.what, each.models) for each in poll] for poll in output]


def test_a_bad_row_is_reported_once_and_once_more_when_it_recovers() -> None:
    """A lasting bad row makes two reports: at its begin and at its end."""
    state, output = after((0, [bad("elm")]), (1, [bad("elm")]), (9, []), (10, []))
    assert said(output) == [
        [("row refused", ("elm",))],
        [],
        [("row recovered", ("elm",))],
        [],
    ]
    assert output[0][0].problems == ("$.data[7].id: found nothing, expected text",)
    assert state.names == {}


def test_rows_of_one_poll_are_one_report() -> None:
    """Several rows that turn bad at once are one report, and a later one is another."""
    two = [bad("elm"), bad("oak")]
    _, output = after((0, two), (1, [*two, bad("ash")]), (2, []))
    assert said(output) == [
        [("row refused", ("elm", "oak"))],
        [("row refused", ("ash",))],
        [("row recovered", ("elm", "oak", "ash"))],
    ]


def test_a_row_that_goes_back_and_forth_is_not_reported_at_each_poll() -> None:
    """The second recovery within three days waits, so that the last report stays true or safe."""
    flips = [(day, [bad("elm")] if day % 2 == 0 else []) for day in range(9)]
    _, output = after(*flips, (11, []))
    assert [[each.what for each in poll] for poll in output] == [
        ["row refused"],
        ["row recovered"],
        ["row refused"],
        [],
        [],
        ["row recovered"],
        ["row refused"],
        [],
        [],
        ["row recovered"],
    ]


def test_rows_without_a_key_are_counted() -> None:
    """One more row without a readable key is reported, and one less too."""
    state, output = after((0, [bad("")]), (1, [bad(""), bad("")]), (2, [bad("")]), (3, [bad("")]))
    assert said(output) == [
        [("row refused", ("$.data[7]",))],
        [("row refused", ("$.data[7]",))],
        [("row recovered", ("$.data[7]",))],
        [],
    ]
    assert state.counts == {"": 1}


def test_a_report_by_a_clock_that_was_ahead_delays_nothing() -> None:
    """A recovery that is dated in the future does not delay the next one."""
    _, output = after((0, [bad("elm")]), (9, []), (1, [bad("elm")]), (2, []))
    assert [len(poll) for poll in output] == [1, 1, 1, 1]


@given(st.lists(st.lists(st.sampled_from(["elm", "oak", ""]), max_size=4), max_size=8))
def test_the_reports_always_tell_the_state(polls: list[list[str]]) -> None:
    """With polls far apart, the reports together give exactly the bad rows of the last poll."""
    state, _ = after(*((day * 10, [*map(bad, keys)]) for day, keys in enumerate(polls)))
    last = polls[-1] if polls else []
    assert state.counts == {key: last.count(key) for key in last}
