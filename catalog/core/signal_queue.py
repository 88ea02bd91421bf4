"""Signals as items of a queue: the handler does nothing else, so that nothing is done by halves."""

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
    """A queue that threads and signals put into, and that the main thread takes from.

    To wait for a lock, as the queues of Python do, misses a signal that comes just before the wait
    begins: Python notes it and calls the handler when the wait is over. Here every item and every
    signal is a byte in a pipe, and the pipe is waited for.
    """

    def __init__(self) -> None:
        self._items: deque[Item | signal.Signals] = deque()
        self._lock = Lock()
        self._reading = -1
        self._writing: int | None = None

    @contextmanager
    def catching(self, *numbers: signal.Signals) -> Iterator[None]:
        """Put the number of each of these signals in while this lasts; main thread only."""
        with ExitStack() as undo:
            writing = self._open()
            undo.callback(self._close, writing)
            waking = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
            undo.callback(signal.set_wakeup_fd, waking)
            for number in numbers:
                undo.callback(signal.signal, number, signal.signal(number, self._heed))
            yield

    def _heed(self, number: int, _frame: object) -> None:
        self._items.append(signal.Signals(number))  # its byte is in the pipe already

    def _open(self) -> int:
        self._reading, writing = os.pipe()
        os.set_blocking(writing, False)  # a full pipe must hold up nobody
        self._writing = writing
        return writing

    def _close(self, writing: int) -> None:
        with self._lock:  # nobody writes to what is another file's number by then
            self._writing = None
            os.close(writing)
            os.close(self._reading)
            self._reading = -1

    def put(self, item: Item) -> None:
        """Put an item in; for any thread, but for no handler of a signal."""
        self._items.append(item)
        with self._lock:
            if self._writing is not None:
                with suppress(BlockingIOError):  # full: there is enough to wake up for
                    os.write(self._writing, b"\0")

    def get(self, timeout: float | None = None) -> Item | signal.Signals:
        """Take the oldest item, within `catching`; raise Empty after so many seconds."""
        until = None if timeout is None else time.monotonic() + timeout
        while not self._items:
            left = None if until is None else max(0, ceil(1000 * (until - time.monotonic())))
            poll = select.poll()
            poll.register(self._reading, select.POLLIN)
            if not poll.poll(left):
                raise Empty
            os.read(self._reading, _MANY)
        return self._items.popleft()
