"""The daemon in the test's process, with failing, hanging and long passes."""

import logging
import socket
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event, Semaphore
from typing import Any

import pytest
from apscheduler.events import EVENT_JOB_MAX_INSTANCES, EVENT_JOB_SUBMITTED

from catalog.alerts.channel import Message
from catalog.core.clock import now
from catalog.core.errors import StoreError
from catalog.core.payload import Answer, Validators
from catalog.core.signal_queue import Inbox
from catalog.daemon.daemon import Daemon
from catalog.daemon.job import Beat, Ended, Work
from catalog.daemon.schedule import Interval
from catalog.daemon.scheduled import Scheduled
from catalog.daemon.systemd import Systemd
from catalog.providers.infomaniak.provider import Infomaniak
from tests.support.builders import body, row
from tests.support.daemon import ANSWER, SECOND, serve_until, work
from tests.support.database import polls as polls_of
from tests.support.http_server import answer
from tests.support.rig import Ear, rig
from tests.support.shell import SECONDS


@pytest.mark.long
def test_whatever_a_pass_breaks_off_with_the_next_one_runs(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """After an exception in a pass the next pass runs, and no secret is logged."""
    errors = [RuntimeError("tok-secret"), StoreError("the disk is full")]
    done, times = Event(), list[datetime]()

    def fetch(_: Validators) -> Answer:
        if errors:
            raise errors.pop(0)
        done.set()
        return ANSWER

    def clock() -> datetime:
        times.append(now())
        if len(times) == 2:  # the first one is of the start
            raise LookupError("tok-secret")
        return times[-1]

    with rig(tmp_path, answer()) as it, caplog.at_level(logging.INFO, "catalog.daemon"):
        asked = replace(it.sync, fetch=fetch, clock=clock)
        read = Work(Scheduled(asked, Interval(SECOND), 9 * SECOND), timedelta(), (), lambda: None)
        assert serve_until(done, Daemon(lambda: [read], Systemd({}))) == 0
        assert it.rows("select outcome from poll") == [("failed",), ("first",)]
    reason = "by a mistake of this program"
    assert f"infomaniak: the pass failed {reason}, LookupError at {__file__}:" in caplog.text
    assert f"the poll of infomaniak failed {reason}: RuntimeError at {__file__}:" in caplog.text
    assert "tok-secret" not in caplog.text
    assert "infomaniak: no pass, the disk is full. Check the path" in caplog.text


@pytest.mark.long
def test_a_slot_missed_during_a_pass_is_done_after_it(tmp_path: Path) -> None:
    """A slot missed during a long pass runs right after it."""
    started, done = [now()], Event()

    def fetch(_: Validators) -> Answer:
        started.append(now())
        while len(started) == 2 and now() < started[1] + 3 * SECOND:
            Event().wait(0.01)
        if len(started) > 2:
            done.set()
        return ANSWER

    with rig(tmp_path, answer()) as it:
        read = work(it.sync, fetch, 9 * SECOND)
        assert serve_until(done, Daemon(lambda: [read], Systemd({}))) == 0
        slots = it.rows("select moment from slot order by moment")
        ran = polls_of(it.file)
    first, second = (datetime.fromisoformat(moment) for (moment,) in slots[:2])
    assert second >= first + 3 * SECOND, "of the slots between, the last alone is made up"
    assert len(ran) == len(slots)


def test_a_pass_is_not_dropped_while_the_one_before_it_is_put_away(tmp_path: Path) -> None:
    """A pass that is due while APScheduler still finishes the previous one runs."""
    seen, done, polls = Semaphore(0), Event(), list[Validators]()
    dropped = list[datetime]()

    class Slow(Inbox[Any]):
        """Delays the end of a pass until the scheduler handled the next."""

        def put(self, item: Any) -> None:
            super().put(item)
            if isinstance(item, Ended) and not done.is_set():
                assert seen.acquire(timeout=SECONDS)

    def fetch(validators: Validators) -> Answer:
        polls.append(validators)
        if len(polls) == 1:
            assert seen.acquire(timeout=SECONDS)  # of this pass itself
        else:
            done.set()
        return ANSWER

    with rig(tmp_path, answer()) as it:
        read = work(it.sync, fetch, 9 * SECOND)
        daemon = Daemon(lambda: [read], Systemd({}))
        daemon._events = Slow()

        def drop(_: object) -> None:
            dropped.append(now())
            daemon._schedule(
                daemon._states["infomaniak"], now()
            )  # or it would run no pass ever again, and not even stop
            seen.release()

        daemon._scheduler.add_listener(lambda _: seen.release(), EVENT_JOB_SUBMITTED)
        daemon._scheduler.add_listener(drop, EVENT_JOB_MAX_INSTANCES)
        assert serve_until(done, daemon) == 0
    assert len(polls) > 1
    assert dropped == []


def test_a_hanging_pass_lets_the_watchdog_act(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """While a pass exceeds its limit, the service manager gets no watchdog signal."""
    go_on = Event()

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if "has not ended in time" in record.getMessage():
                go_on.set()

    def fetch(_: Validators) -> Answer:
        assert go_on.wait(SECONDS)
        return ANSWER

    logger = logging.getLogger("catalog.daemon")
    logger.addHandler(ear := Ear())
    with (
        rig(tmp_path, answer()) as it,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager,
    ):
        manager.bind(str(tmp_path / "notify"))
        environ = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "100000"}
        read = work(it.sync, fetch, timedelta())
        assert serve_until(go_on, Daemon(lambda: [read], Systemd(environ))) == 0
        manager.setblocking(False)
        received = b""
        while b"STOPPING=1" not in received:
            received += manager.recv(4096)
    logger.removeHandler(ear)
    assert "the run of 2" in caplog.text
    assert b"WATCHDOG=1" not in received


@pytest.mark.long
def test_a_run_that_waits_for_another_provider_is_no_stuck_pass(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Each pass has its own time limit: two long passes together do not stop the watchdog."""
    done, polled = Event(), list[str]()

    def lasting(name: str) -> Callable[[Validators], Answer]:
        def fetch(_: Validators) -> Answer:
            polled.append(name)
            Event().wait(1.6)  # of the three seconds that a pass may last
            if len(set(polled)) == 2:
                done.set()
            return ANSWER

        return fetch

    with rig(tmp_path, answer()) as it:
        twin = replace(it.sync, provider=Infomaniak("twin"))
        works = [work(it.sync, lasting("one"), 3 * SECOND), work(twin, lasting("two"), 3 * SECOND)]
        watched = Systemd({"NOTIFY_SOCKET": "@nobody", "WATCHDOG_USEC": "100000"})
        assert serve_until(done, Daemon(lambda: works, watched)) == 0
        assert it.rows("select distinct provider from slot order by 1") == [
            ("infomaniak",),
            ("twin",),
        ]
    assert "has not ended in time" not in caplog.text


def test_a_run_that_the_clock_put_off_is_no_stuck_pass(tmp_path: Path) -> None:
    """A run that a clock change postponed is not reported as stuck."""
    with (
        rig(tmp_path, answer()) as it,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager,
    ):
        manager.bind(str(tmp_path / "notify"))
        manager.setblocking(False)
        environ = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "100000"}
        read = work(it.sync, lambda _: ANSWER, SECOND)
        scheduled = replace(read.scheduled, schedule=Interval(24 * 3600 * SECOND))
        made = replace(read, scheduled=scheduled)
        daemon = Daemon(lambda: [made], Systemd(environ))
        daemon._scheduler.start(paused=True)
        daemon._adopt(made, now() + 3600 * SECOND)
        daemon._deadline = 0.0  # simulates a pass that runs for too long
        assert daemon._handle(Beat())
        daemon._scheduler.shutdown()
        assert manager.recv(4096) == b"WATCHDOG=1"


def test_a_dead_scheduler_lets_the_watchdog_act(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """If the scheduler starts nothing, the log reports it, and the watchdog is not informed."""
    with rig(tmp_path, answer()) as it:
        made = work(it.sync, lambda _: ANSWER, timedelta())
        daemon = Daemon(lambda: [made], Systemd({}))
        daemon._scheduler.start(paused=True)
        daemon._adopt(made, now())
        assert daemon._handle(Beat())
        daemon._scheduler.shutdown()
    assert "has not ended in time" in caplog.text


def test_a_daemon_without_channels_starts_no_job_between_passes(tmp_path: Path) -> None:
    """A beat without a channel and a watchdog leaves only the next pass in the scheduler."""
    with rig(tmp_path, answer()) as it:
        for environ, jobs in (({}, 1), ({"NOTIFY_SOCKET": "@x", "WATCHDOG_USEC": "60000000"}, 2)):
            made = work(replace(it.sync, channels=()), lambda _: ANSWER, timedelta())
            daemon = Daemon(list, Systemd(environ))
            daemon._scheduler.start(paused=True)
            daemon._adopt(made, now())
            assert daemon._handle(Beat())
            assert len(daemon._scheduler.get_jobs()) == jobs
            daemon._scheduler.shutdown()


def test_a_provider_removed_while_its_run_waits_is_not_polled(tmp_path: Path) -> None:
    """The run ends without a poll, and the work of the provider is closed after it."""
    polled, closed = list[Validators](), list[str]()

    def fetch(validators: Validators) -> Answer:
        polled.append(validators)
        return ANSWER

    with rig(tmp_path, answer()) as it:
        twin = work(replace(it.sync, provider=Infomaniak("twin")), fetch, SECOND)
        made = replace(work(it.sync, fetch, SECOND), close=lambda: closed.append("infomaniak"))
        daemon = Daemon(lambda: [replace(twin)], Systemd({}))  # each reading makes new work
        daemon._scheduler.start(paused=True)
        daemon._switch([(each, now() + 3600 * SECOND) for each in (made, twin)])
        state = daemon._states["infomaniak"]
        assert daemon._cancel(state)  # simulates a start by the scheduler
        daemon._reload()
        daemon._close_retired()
        assert (closed, list(daemon._states)) == ([], ["infomaniak", "twin"])
        assert daemon._handle(daemon._pass(state))
        daemon._scheduler.shutdown()
    assert (closed, list(daemon._states)) == (["infomaniak"], ["twin"])
    assert polled == []


def test_a_run_beyond_its_slot_is_rescheduled(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """After the clock is set back, the next run is rescheduled."""
    with rig(tmp_path, answer()) as it:
        made = work(it.sync, lambda _: ANSWER, SECOND)
        daemon = Daemon(lambda: [made], Systemd({}))
        daemon._scheduler.start(paused=True)
        daemon._adopt(made, now() + 3600 * SECOND)  # simulates a clock that was one hour ahead
        assert daemon._handle(Beat())
        assert daemon._states["infomaniak"].moment <= now() + SECOND
        daemon._scheduler.shutdown()
    assert "the clock was set back: the next run is rescheduled" in caplog.text


class Patient(Ear):
    """A channel that fails at the first attempt and accepts the second."""

    tries = 0
    taken: Event

    def send(self, message: Message) -> None:
        """Fail once, then accept."""
        self.tries += 1
        if self.tries == 1:
            raise RuntimeError("tok-secret")
        super().send(message)
        self.taken.set()


@pytest.mark.long
def test_a_refused_message_is_sent_between_two_passes(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A refused message is retried between two passes, even after an internal error."""
    two = (answer(body=body(row())), answer(body=body(row(), row(id=2, name="b"))))
    with rig(tmp_path, *two) as it:
        it.poll()
        ear = Patient()
        ear.taken = Event()
        sync = replace(it.sync, clock=now, channels=(ear,))
        scheduled = Scheduled(sync, Interval(24 * 3600 * SECOND), 9 * SECOND)
        made = Work(scheduled, timedelta(), (), lambda: None)
        watched = Systemd({"NOTIFY_SOCKET": "@nobody", "WATCHDOG_USEC": "1000000"})
        assert serve_until(ear.taken, Daemon(lambda: [made], watched)) == 0
        assert it.rows("select count(*) from poll") == [(2,)]
        assert it.rows("select state, attempts from delivery") == [("delivered", 2)]
    output = "channel ear: the message could not be sent by a mistake of this program: RuntimeError"
    assert output in caplog.text
    assert "tok-secret" not in caplog.text


@pytest.mark.long
def test_a_database_lost_between_two_passes_does_not_end_the_daemon(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """If pending messages cannot be read, the log gives the reason and the daemon continues."""
    reported = Event()

    class Breaker(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if "; next run" in record.getMessage():  # the next run is a day away
                it.file.write_bytes(b"no database, but long enough for one" * 99)
            elif "not a database" in record.getMessage():
                reported.set()

    logger = logging.getLogger("catalog.daemon")
    logger.addHandler(breaker := Breaker())
    with rig(tmp_path, answer()) as it, caplog.at_level(logging.INFO, "catalog.daemon"):
        sync = replace(it.sync, clock=now, channels=(Ear(),), fetch=lambda _: ANSWER)
        scheduled = Scheduled(sync, Interval(24 * 3600 * SECOND), 9 * SECOND)
        made = Work(scheduled, timedelta(), (), lambda: None)
        watched = Systemd({"NOTIFY_SOCKET": "@nobody", "WATCHDOG_USEC": "400000"})
        assert serve_until(reported, Daemon(lambda: [made], watched)) == 0
    logger.removeHandler(breaker)
    assert reported.is_set()
    assert "infomaniak: first, snapshot 1" in caplog.text
