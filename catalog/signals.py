"""Signals as items of a queue: the handler does nothing else, so that nothing is done by halves."""

import os
import select
import signal
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from queue import Empty
from typing import Generic, TypeVar

Item = TypeVar("Item")
STOPS = (signal.SIGINT, signal.SIGTERM)
_MANY = 4096


class Inbox(Generic[Item]):
    """A queue that threads and signals put into, and that the main thread takes from.

    To wait for a lock, as the queues of Python do, misses a signal that comes just before the wait
    begins: Python notes it and calls the handler when the wait is over. Here every item and every
    signal is a byte in a pipe, and the pipe is waited for.
    """

    def __init__(self) -> None:
        self._items: deque[Item | signal.Signals] = deque()
        self._writing: int | None = None
        self._reading = -1

    @contextmanager
    def catching(self, *numbers: signal.Signals) -> Iterator[None]:
        """Put the number of each of these signals in while this lasts; main thread only."""
        ends = self._reading, self._writing = os.pipe()
        os.set_blocking(ends[1], False)  # a full pipe must hold up nobody
        waking = signal.set_wakeup_fd(ends[1], warn_on_full_buffer=False)
        before = {number: signal.signal(number, self._heed) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(waking)
            self._writing = None
            for end in ends:
                os.close(end)

    def _heed(self, number: int, _frame: object) -> None:
        self._items.append(signal.Signals(number))  # its byte is in the pipe already

    def put(self, item: Item) -> None:
        """Put an item in; for any thread."""
        self._items.append(item)
        if self._writing is not None:
            with suppress(BlockingIOError):  # full: there is enough to wake up for
                os.write(self._writing, b"\0")

    def get(self, timeout: float | None = None) -> Item | signal.Signals:
        """Take the oldest item, within `catching`; raise Empty after so many seconds."""
        until = None if timeout is None else time.monotonic() + timeout
        while not self._items:
            left = None if until is None else max(0.0, until - time.monotonic())
            ready, _, _ = select.select([self._reading], [], [], left)
            if not ready:
                raise Empty
            os.read(self._reading, _MANY)
        return self._items.popleft()
