"""The daemon calls the models between passes, in the test's process."""

import logging
import os
import signal
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread

import pytest

from catalog.core.clock import now
from catalog.core.errors import StoreError
from catalog.daemon.daemon import Daemon
from catalog.daemon.job import Work
from catalog.daemon.report import call_lines
from catalog.daemon.schedule import Interval
from catalog.daemon.scheduled import ProbeTimes, Scheduled
from catalog.daemon.systemd import Systemd
from catalog.probes.run import Probing, Results, Selection
from catalog.replay.behavior import Behavior, Entry
from tests.support.database import ask
from tests.support.probe_stand import Stand, llm, stand
from tests.support.shell import SECONDS

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
QUICK = {"NOTIFY_SOCKET": "@nobody", "WATCHDOG_USEC": "200000"}
"""Two beats in a fifth of a second."""


class Ear(logging.Handler):
    """Sets an event when the log has these words."""

    def __init__(self, words: str) -> None:
        super().__init__()
        self.heard, self.words = Event(), words

    def emit(self, record: logging.LogRecord) -> None:
        """Compare the record with the words."""
        if self.words in record.getMessage():
            self.heard.set()


def work(it: Stand, probing: Probing | None = None) -> Work:
    """Schedule one pass a day and calls of the models."""
    sync = replace(it.sync, clock=now)
    calling = replace(probing or it.probing, clock=now, stop=Event())
    times = ProbeTimes(calling, Interval(DAY), 60 * SECOND)
    return Work(Scheduled(sync, Interval(DAY), 60 * SECOND), timedelta(), (), lambda: None, times)


def serve_until(words: str, daemon: Daemon, *, reload: str | None = None) -> None:
    """Run a daemon until the log has these words. Then stop it.

    If `reload` is given, the daemon reloads its settings when the log contains it.
    """
    steps = [(words, signal.SIGTERM)]
    if reload:
        steps.insert(0, (reload, signal.SIGHUP))
    ears = [(Ear(awaited), number) for awaited, number in steps]
    logger = logging.getLogger("catalog")
    for ear, _ in ears:
        logger.addHandler(ear)

    def tell() -> None:
        for ear, number in ears:
            ear.heard.wait(SECONDS)
            os.kill(os.getpid(), number)

    teller = Thread(target=tell)
    teller.start()
    assert daemon.run() == 0
    teller.join()
    for ear, _ in ears:
        logger.removeHandler(ear)


def test_the_models_are_called_once_a_slot(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """After a pass the models are called once a slot, and the log reports it."""
    caplog.set_level(logging.INFO, "catalog.daemon")
    with stand(tmp_path, [[llm(1, "a/one")]]) as it:
        made = work(it)
        serve_until("models called", Daemon(lambda: [made], Systemd(QUICK)))
        assert it.believed() == {("a/one", "chat-v2"): "answers"}
    assert "infomaniak: models called, 2 probes, 0 findings, today 2 calls and 12 tokens" in (
        caplog.text
    )


def test_nothing_to_do_is_no_line() -> None:
    """A finished slot without a due second try logs nothing."""
    assert call_lines("infomaniak", None) == []


class Breaking(Probing):
    """Calls that fail by a mistake of the program or user."""

    error: Exception = StoreError("the disk is full")

    def run(self, wish: Selection = Selection(), output: object = None) -> Results:  # noqa: ARG002, B008  # inherited
        """Raise."""
        raise Breaking.error


@pytest.mark.parametrize(
    ("error", "reported"),
    [
        (StoreError("the disk is full"), "the models were not called, the disk is full. Check"),
        (RuntimeError("tok-secret"), "failed by a mistake of this program, RuntimeError at "),
    ],
)
def test_calls_that_break_off_harm_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, error: Exception, reported: str
) -> None:
    """An error during calls is logged without its secret, and passes continue."""
    caplog.set_level(logging.INFO, "catalog.daemon")
    with stand(tmp_path, [[llm(1, "a/one")]]) as it:
        fields = {name: getattr(it.probing, name) for name in Probing.__dataclass_fields__}
        Breaking.error = error
        made = work(it, Breaking(**fields))
        serve_until("models", Daemon(lambda: [made], Systemd(QUICK)))
        assert it.believed() == {}
    assert reported in caplog.text
    assert "tok-secret" not in caplog.text


SLOW = Behavior(entries=(Entry("*", latency=0.5),))
MANY = [[llm(number, f"a/{number}") for number in range(1, 9)]]


@pytest.mark.long
def test_a_stop_ends_the_current_calls(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A stop ends the current calls, and the next run does the others."""
    caplog.set_level(logging.INFO)
    closed = []
    with stand(tmp_path, MANY, SLOW) as it:
        made = replace(work(it), close=lambda: closed.append(1))
        serve_until("POST", Daemon(lambda: [made], Systemd(QUICK)))
        assert 0 < len(it.believed()) < 16
        assert ask(it.probing.database, "select count(*) from slot where done_at is null") == [(1,)]
    assert closed == [1]


@pytest.mark.long
def test_a_reload_ends_the_current_call_and_continues(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A reload closes the old work after its last call, and the new work continues."""
    caplog.set_level(logging.INFO)
    closed = []
    with stand(tmp_path, MANY, SLOW) as it:

        def read() -> list[Work]:
            return [replace(work(it), close=lambda: closed.append(len(it.believed())))]

        serve_until("models called, 16 probes", Daemon(read, Systemd(QUICK)), reload="POST")
        assert len(it.believed()) == 16
    assert 0 < closed[0] < 16
    assert closed[1:] == [16]


def test_an_unwritable_document_is_reported(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """If the document cannot be written, the models are still called."""
    caplog.set_level(logging.INFO)
    with stand(tmp_path, [[llm(1, "a/one")]]) as it:
        (tmp_path / "models.md").write_text("<!-- catalog:begin llm -->\n", encoding="utf-8")
        made = work(it)
        serve_until("models called", Daemon(lambda: [made], Systemd(QUICK)))
        assert it.believed() == {("a/one", "chat-v2"): "answers"}
    assert "models.md" in caplog.text
