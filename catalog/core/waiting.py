"""Report the reason of a long wait.

The line goes to a logger of its own. A terminal shows it, see catalog/cli/logs.py.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer

SECONDS = 2.0
"""Seconds without a line."""
NAME = "catalog.waiting"
_log = logging.getLogger(NAME)


class Wait:
    """A wait that is logged after some seconds. It can be started again."""

    def __init__(self, what: str, seconds: float = SECONDS) -> None:
        self._what = what
        self._seconds = seconds
        self._timer: Timer | None = None

    def start(self) -> None:
        """Begin to wait. Nothing is started if the line would not be shown."""
        if _log.isEnabledFor(logging.INFO):
            self._timer = Timer(self._seconds, _log.info, ("waiting for %s", self._what))
            self._timer.daemon = True
            self._timer.start()

    def stop(self) -> None:
        """End the wait."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


@contextmanager
def waiting(what: str, seconds: float = SECONDS) -> Iterator[None]:
    """Log a line if the block takes longer than some seconds."""
    wait = Wait(what, seconds)
    wait.start()
    try:
        yield
    finally:
        wait.stop()
