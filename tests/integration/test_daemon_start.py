"""Start and reload of the daemon with a lock or error.

The database is locked, or the program has a mistake.
"""

import logging
import os
import signal
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Thread

import pytest

from catalog.core.payload import Answer, Validators
from catalog.daemon.daemon import Daemon
from catalog.daemon.job import Work
from catalog.daemon.systemd import Systemd
from catalog.store.database import Database
from tests.support.daemon import ANSWER, SECOND, serve_until, work
from tests.support.http_server import answer
from tests.support.rig import rig
from tests.support.shell import SECONDS


def test_a_locked_database_at_the_start_is_waited_for(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A locked database at the start is logged, and a pass runs once it is free."""
    polled, logged = Event(), SimpleQueue[str]()

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            logged.put(record.getMessage())

    def fetch(_: Validators) -> Answer:
        polled.set()
        return ANSWER

    def unlock(other: sqlite3.Connection) -> None:
        while "locked by another process" not in logged.get(timeout=SECONDS):
            pass
        other.execute("ROLLBACK")

    logger = logging.getLogger("catalog.daemon")
    logger.addHandler(collector := Collector())
    with rig(tmp_path, answer()) as it:
        it.poll()
        impatient = replace(it.sync, database=Database(str(it.file), busy_timeout=0.1))
        read = work(impatient, fetch, 9 * SECOND)
        other = sqlite3.connect(it.file, isolation_level=None, check_same_thread=False)
        with closing(other):
            other.execute("BEGIN EXCLUSIVE")
            free = Thread(target=unlock, args=[other])
            free.start()
            assert serve_until(polled, Daemon(lambda: [read], Systemd({}))) == 0
            free.join()
    logger.removeHandler(collector)
    (warning, *_) = [each for each in caplog.messages if "locked by another process" in each]
    assert warning.endswith("for over 0.1 s; a pass is tried anyway")


def test_a_mistake_of_the_program_while_it_reads_changes_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A programming error during a reload is logged without its text, and passes continue."""
    done, polls, works = Event(), list[Validators](), list[Work]()

    def fetch(validators: Validators) -> Answer:
        polls.append(validators)
        if len(polls) == 1:
            os.kill(os.getpid(), signal.SIGHUP)
        else:
            done.set()
        return ANSWER

    def read() -> list[Work]:
        if works:
            return [works.pop()]
        raise RuntimeError("tok-secret")

    with rig(tmp_path, answer()) as it:
        works.append(work(it.sync, fetch, 9 * SECOND))
        assert serve_until(done, Daemon(read, Systemd({}))) == 0
    place = f"RuntimeError at {__file__}:"
    assert (
        f"the configuration could not be read by a mistake of this program, {place}" in caplog.text
    )
    assert "the previous configuration stays in use" in caplog.text
    assert "tok-secret" not in caplog.text
