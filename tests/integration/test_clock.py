"""Polls with a clock that was ahead, set back, or unset."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from catalog.report.sentences import sentence
from catalog.store import history
from tests.support.builders import body, row
from tests.support.http_server import answer
from tests.support.rig import HOUR, START, rig

DAY = timedelta(days=1)
TEN = [row(id=key, name=f"m{key}") for key in range(1, 11)]
GOOD, BAD, DOWN = answer(body=body(*TEN)), answer(body=b"{}"), answer(503)


def test_a_clock_that_was_set_back_a_little_changes_no_order(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A poll with a clock set back an hour gets the last poll's time, with a warning."""
    few = answer(body=body(*TEN[1:]))
    with rig(tmp_path, GOOD, few, GOOD) as r:
        r.outcomes(2)
        result = r.poll(later=-HOUR)
    assert result.poll.started_at == START + 2 * HOUR
    assert "the clock shows 2026-01-01T01:00:00Z, but the last poll was at" in caplog.text
    assert "restored after 0 seconds" in sentence(result.poll.findings[0])


def test_a_clock_that_cannot_be_right_is_not_followed(tmp_path: Path) -> None:
    """A clock that shows 1970 is ignored, and the poll gets a plausible time."""
    with rig(tmp_path, GOOD) as r:
        r.outcomes(2)
        r.clock.now = datetime(1970, 1, 1, tzinfo=UTC)
        assert r.poll().poll.started_at == START + 2 * HOUR


@pytest.mark.long
def test_a_clock_that_was_ahead_delays_no_problem(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """After a poll with a clock that was ahead, problems are reported on time."""
    with rig(tmp_path, GOOD, GOOD, *[DOWN] * 35, GOOD) as r:
        r.outcomes(1)
        r.poll(later=365 * DAY)
        result = r.poll(later=HOUR - 365 * DAY)
        assert result.poll.started_at == START + 2 * HOUR
        assert "the last poll at 2027-01-01T01:00:00Z is too far ahead to be right" in caplog.text
        r.outcomes(2)
        r.outcomes(33, later=3 * HOUR)
    assert [[finding.rule for finding in each.findings] for each in r.ear.messages] == [
        *[["provider-failing"]] * 3,
        *[["catalog-stale"]] * 2,
        ["trouble-ended"],
    ]
    assert "could not be read for 2 hours" in sentence(r.ear.messages[0].findings[0])
    assert "no answer was accepted for 3 days" in sentence(r.ear.messages[3].findings[0])


@pytest.mark.long
def test_a_problem_reported_by_a_clock_that_was_ahead_is_reported_again(tmp_path: Path) -> None:
    """A problem that was reported with a clock that was ahead is reported again, then daily."""
    with rig(tmp_path, GOOD, BAD) as r:
        r.outcomes(1)
        r.poll(later=365 * DAY)
        r.poll(later=HOUR - 365 * DAY)
        r.outcomes(24)
    assert r.ear.rules == [["payload-invalid"]] * 3
    assert "invalid for 0 seconds" in sentence(r.ear.messages[1].findings[0])
    assert "invalid for 1 day" in sentence(r.ear.messages[2].findings[0])


def test_an_answer_that_was_held_by_a_clock_that_was_ahead_goes_through(tmp_path: Path) -> None:
    """A held poll from the future does not count, and three later ones are accepted."""
    few = answer(body=body(*TEN[5:]))
    with rig(tmp_path, GOOD, few) as r:
        r.outcomes(1)
        ahead = r.poll(later=365 * DAY)
        after = [r.poll(later=HOUR - 365 * DAY), r.poll(), r.poll()]
    assert [str(each.poll.outcome) for each in (ahead, *after)] == ["held"] * 3 + ["changed"]


def test_a_past_state_is_found_beside_a_snapshot_of_the_future(tmp_path: Path) -> None:
    """A past moment is looked up by the order of snapshots and their own times."""
    steps = [answer(body=body(*TEN[:count])) for count in (8, 9, 10)]
    with rig(tmp_path, *steps) as r:
        r.poll()
        r.poll(later=365 * DAY)
        r.poll(later=HOUR - 365 * DAY)
        with r.sync.database.reading() as connection:
            name = r.sync.provider.name
            found = [
                history.number_at(connection, name, START + at)
                for at in (HOUR, 2 * HOUR, 500 * DAY)
            ]
    assert found == [1, 3, 3]


@pytest.mark.long
def test_a_value_moved_by_a_clock_that_was_ahead_settles(tmp_path: Path) -> None:
    """A limit that moved by a wrong clock is reported when it is lowered again."""
    more, less = (answer(body=body(row(max_token_input=limit))) for limit in (8192, 4096))
    with rig(tmp_path, more, less, *[more] * 61, less) as r:
        r.outcomes(1)
        r.poll(later=365 * DAY)
        r.outcomes(1)
        r.poll(later=HOUR - 365 * DAY)
        r.outcomes(59, later=2 * HOUR)
        result = r.poll(later=2 * HOUR)
    assert [each.rule for each in result.poll.findings] == ["limit-lowered"]
    assert r.ear.rules[-1] == ["limit-lowered"]
