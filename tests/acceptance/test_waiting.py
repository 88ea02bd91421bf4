"""Lines on a terminal during a locked database or slow provider."""

import logging
import queue
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer

import pytest

from catalog.core.waiting import NAME, Wait, waiting
from tests.support.fast_path import BODY, took_fast_path
from tests.support.http_server import Exchange, answer
from tests.support.shell import Live

LONG = 3.5
"""Seconds that the database is locked, or the provider is silent."""


def slow(exchange: Exchange) -> None:
    """Answer after a while."""
    exchange.wait(LONG)
    exchange.send(200, {}, BODY)


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Lock a database against every other process for a while."""
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    connection.execute("BEGIN EXCLUSIVE")
    release = Timer(LONG, connection.execute, ("ROLLBACK",))
    release.start()
    try:
        yield
    finally:
        release.join()
        connection.close()


@pytest.mark.long
def test_a_slow_provider_is_named_on_a_terminal(live: Live) -> None:
    """One line names host and limit. Without a terminal, or with -q, nothing is shown."""
    shell, server = live(slow)
    shown, _ = shell.on_terminal("sync")
    assert f"waiting for 127.0.0.1:{server.port}/1/ai/models, at most 30 s\r\n" in shown
    assert shown.count("waiting for") == 1
    assert "waiting for" not in shell("sync").err
    assert "waiting for" not in shell.on_terminal("-q", "sync")[0]
    assert "info     waiting for 127.0.0.1" in shell("-v", "sync").err


@pytest.mark.long
def test_a_locked_database_is_named_on_a_terminal(live: Live) -> None:
    """A command that reads and one that polls on the fast path show one line each."""
    shell, _ = live(answer(body=BODY))
    shell("sync")
    assert took_fast_path(shell)
    file = shell.folder / "catalog.db"
    for words in (("models",), ("sync",)):
        with locked(file):
            shown, _ = shell.on_terminal(*words)
        line = f"waiting for the database {file}, which another process may have locked"
        assert len(re.findall(re.escape(line), shown)) == 1, shown


class Lines(logging.Handler):
    """A handler that keeps the lines."""

    def __init__(self) -> None:
        super().__init__()
        self.lines = queue.Queue[str]()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the text."""
        self.lines.put(record.getMessage())


@pytest.fixture
def lines() -> Iterator["queue.Queue[str]"]:
    """Return the lines about waits of this process."""
    logger, handler = logging.getLogger(NAME), Lines()
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield handler.lines
    logger.removeHandler(handler)
    logger.setLevel(logging.NOTSET)


def test_only_a_long_wait_is_logged(lines: "queue.Queue[str]") -> None:
    """A short wait logs nothing, and a stopped wait can start again."""
    with waiting("the quick", 30):
        pass
    wait = Wait("the slow", 0.01)
    wait.stop()
    for _ in range(2):
        wait.start()
        assert lines.get(timeout=10) == "waiting for the slow"
        wait.stop()
    assert lines.empty()
