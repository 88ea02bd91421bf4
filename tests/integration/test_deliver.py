"""Delivery over days: retries, giving up, alerts to other channels."""

from dataclasses import replace
from datetime import time, timedelta
from pathlib import Path

import pytest

from catalog.alerts.timing import Digest, Quiet, Timing
from catalog.changes.poll import Backlog
from catalog.report.sentences import sentence
from tests.support.builders import body, row
from tests.support.http_server import answer
from tests.support.rig import HOUR, START, Ear, Rig, rig

TEN = [row(id=key, name=f"m{key}") for key in range(1, 11)]
STEPS = [answer(body=body(*TEN[: 10 - gone])) for gone in (0, 1, 2)]


def deliver(it: Rig, later: timedelta) -> tuple[Backlog, ...]:
    """Send due messages without a poll, as the daemon does between passes."""
    it.clock.now += later
    return it.sync.deliver()


def test_a_message_is_tried_again_when_it_is_due(tmp_path: Path) -> None:
    """A refused message is retried only when it is due, and delivered once."""
    with rig(tmp_path, *STEPS[:2]) as it:
        it.poll()
        it.ear.deaf = True
        it.poll()
        for seconds, attempts in ((3, 1), (3, 2)):
            deliver(it, timedelta(seconds=seconds))
            assert it.rows("select attempts from delivery") == [(attempts,)]
        it.ear.deaf = False
        assert [each.messages for each in deliver(it, timedelta(minutes=4))] == [1]
        assert deliver(it, timedelta(minutes=2)) == ()
        assert it.ear.rules == [["model-removed"]]


@pytest.mark.long
@pytest.mark.parametrize("for_good", [True, False])
def test_a_given_up_message_is_reported_to_the_others(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, *, for_good: bool
) -> None:
    """The other channels get one alert about a given-up message."""
    other = Ear("other")
    with rig(tmp_path, *STEPS) as it:
        it.sync = replace(it.sync, channels=(it.ear, other))
        it.poll()
        it.ear.deaf, it.ear.gone = True, for_good
        it.poll()
        it.poll()
        for _ in range(0 if for_good else 24 * 4):
            deliver(it, HOUR)
        assert other.rules == [["model-removed"], ["delivery-ended"], ["model-removed"]] or (
            not for_good
            and other.rules == [["model-removed"], ["model-removed"], ["delivery-ended"]]
        )
        assert "given up after attempt" in caplog.text
        states = it.rows("select distinct state, channel from delivery order by 2")
        assert states == [("given up", "ear"), ("delivered", "other")]
        (ended,) = [each for each in other.messages if each.findings[0].rule == "delivery-ended"]
        assert sentence(ended.findings[0]) == (
            "a message to channel ear was given up: channel ear is deaf"
        )


def test_a_receiver_that_asks_for_time_is_left_alone(tmp_path: Path) -> None:
    """A receiver that asks for a pause gets no message until the pause ends."""
    with rig(tmp_path, *STEPS) as it:
        it.poll()
        it.ear.deaf, it.ear.asks = True, 3 * HOUR.total_seconds()
        it.poll()
        it.ear.deaf = False
        it.poll()
        deliver(it, HOUR)
        assert it.ear.rules == []
        deliver(it, HOUR)
        assert it.ear.rules == [["model-removed"], ["model-removed"]]


def test_a_digest_waits_and_comes_as_one(tmp_path: Path) -> None:
    """Two polls of one day are one digest, and a breaking change is sent immediately."""
    steps = [answer(body=body(*TEN[: 8 + new])) for new in (0, 1, 2)]
    with rig(tmp_path, *steps, answer(body=body(*TEN[1:]))) as it:
        it.ear.timing = Timing(Digest.DAILY)
        waiting = [it.poll(later=HOUR).pending for _ in range(3)][-1]
        assert (waiting[0].messages, waiting[0].error) == (2, None)
        assert it.ear.rules == []
        assert deliver(it, 5 * HOUR) == ()
        assert it.ear.rules == [["model-added", "model-added"]]
        it.poll()
        assert it.ear.rules[1:] == [["model-removed"]]


def test_a_second_attempt_waits_for_the_end_of_quiet_hours(tmp_path: Path) -> None:
    """A message refused before the quiet hours is retried after them."""
    steps = [answer(body=body(*TEN[: 8 + new])) for new in (0, 1)]
    with rig(tmp_path, *steps) as it:
        it.ear.timing = Timing(quiet=Quiet(time(2, 0, 1), time(7)))
        it.poll()
        it.ear.deaf = True
        (waiting,) = it.poll().pending
        assert waiting.next_at == START + 7 * HOUR


@pytest.mark.parametrize("asks", [None, 60.0])
def test_a_wait_by_a_clock_that_was_ahead_is_as_long_as_any(
    tmp_path: Path, asks: float | None
) -> None:
    """A message refused by a clock an hour ahead is retried after seconds."""
    with rig(tmp_path, *STEPS[:2]) as it:
        it.poll()
        it.ear.deaf, it.ear.asks = True, asks
        it.poll()
        it.clock.now -= HOUR
        assert [each.messages for each in deliver(it, timedelta(seconds=1))] == [1]
        assert it.rows("select attempts from delivery") == [(1,)]
        it.ear.deaf = False
        assert deliver(it, timedelta(seconds=asks or 6)) == ()
        assert it.ear.rules == [["model-removed"]]


def test_the_end_of_quiet_hours_is_an_hour_of_the_day(tmp_path: Path) -> None:
    """After the clock is set back, a refused message still waits for the end of quiet hours."""
    quiet = Timing(quiet=Quiet(time(2, 0, 3), time(9)))
    with rig(tmp_path, *STEPS[:2]) as it:
        it.ear.timing = replace(quiet, breaking_waits=True)
        it.poll()
        it.ear.deaf = True
        it.poll()  # at 02:00:00, and the next attempt would be at 02:00:05
        assert it.rows("select attempts from delivery") == [(1,)]
        it.ear.deaf = False
        it.clock.now -= HOUR
        deliver(it, 7 * HOUR + timedelta(minutes=59))
        assert it.ear.rules == []
        deliver(it, timedelta(minutes=1))
        assert it.ear.rules == [["model-removed"]]
