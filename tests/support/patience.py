"""Show the running tests on a terminal after some seconds of silence."""

import sys
import threading
import time
from collections.abc import Callable
from typing import Final

import pytest

SECONDS: Final = 8.0
"""Seconds without output before a line is shown."""


class Patience:
    """A plugin of the process that distributes the tests."""

    def __init__(self, show: Callable[[str], object], seconds: float = SECONDS) -> None:
        self._show = show
        self._seconds = seconds
        self._ended = threading.Event()
        self._running: dict[str, float] = {}
        self._word = time.monotonic()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def pytest_sessionstart(self) -> None:
        """Start the watch."""
        self._thread.start()

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Note a test that begins."""
        self._running[nodeid] = time.monotonic()

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """Note a test that ended."""
        self._running.pop(nodeid, None)
        self._word = time.monotonic()

    def pytest_unconfigure(self) -> None:
        """Stop the watch."""
        self._ended.set()

    def _watch(self) -> None:
        while not self._ended.wait(self._seconds / 4):
            now = time.monotonic()
            if now - self._word >= self._seconds:
                self._word = now
                self._show(self._text(now))

    def _text(self, now: float) -> str:
        tests = [f"{name} ({now - begun:.0f} s)" for name, begun in dict(self._running).items()]
        return f"\n  … {', '.join(tests) or 'collecting tests'}\n"


def watch(config: pytest.Config) -> None:
    """Register the plugin, except in workers and without a terminal."""
    terminal = sys.__stderr__
    if not hasattr(config, "workerinput") and terminal is not None and sys.stderr.isatty():
        config.pluginmanager.register(Patience(terminal.write))
