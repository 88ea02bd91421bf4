"""Queue signals, so that no handler interrupts other work."""

import os
import select
import signal
import time
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from math import ceil
from queue import Empty
from threading import Lock
from typing import Generic, TypeVar

Item = TypeVar("Item")
STOPS = (signal.SIGINT, signal.SIGTERM)
_MANY = 4096


class Inbox(Generic[Item]):
    """A queue for threads and signals, read by the main thread.

    Python's queues wait for a lock, and a signal just before the wait is only handled after it.
    Here every item and signal is a byte in a pipe, and the reader waits for the pipe.
    """

    def __init__(self) -> None:
        self._items: deque[Item | signal.Signals] = deque()
        self._lock = Lock()
        self._reading = -1
        self._writing: int | None = None

    @contextmanager
    def catching(self, *numbers: signal.Signals) -> Iterator[None]:
        """Queue these signals within this context. Main thread only."""
        with ExitStack() as undo:
            writing = self._open()
            undo.callback(self._close, writing)
            waking = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
            undo.callback(signal.set_wakeup_fd, waking)
            for number in numbers:
                undo.callback(signal.signal, number, signal.signal(number, self._enqueue))
            yield

    def _enqueue(self, number: int, _frame: object) -> None:
        self._items.append(signal.Signals(number))  # Python has already written its byte

    def _open(self) -> int:
        self._reading, writing = os.pipe()
        os.set_blocking(writing, False)  # because a full pipe must not block
        self._writing = writing
        return writing

    def _close(self, writing: int) -> None:
        with self._lock:  # because the descriptor number may be reused
            self._writing = None
            os.close(writing)
            os.close(self._reading)
            self._reading = -1

    def put(self, item: Item) -> None:
        """Add an item from any thread, but not from a signal handler."""
        self._items.append(item)
        with self._lock:
            if self._writing is not None:
                with suppress(BlockingIOError):  # because a full pipe wakes the reader anyway
                    os.write(self._writing, b"\0")

    def get(self, timeout: float | None = None) -> Item | signal.Signals:
        """Return the oldest item, or raise Empty after `timeout` seconds.

        Only valid within `catching`.
        """
        until = None if timeout is None else time.monotonic() + timeout
        while not self._items:
            left = None if until is None else max(0, ceil(1000 * (until - time.monotonic())))
            poll = select.poll()
            poll.register(self._reading, select.POLLIN)
            if not poll.poll(left):
                raise Empty
            os.read(self._reading, _MANY)
        return self._items.popleft()
