"""Signals as items of a queue: the handler does nothing else, so that nothing is done by halves."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

STOPS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def caught(put: Callable[[signal.Signals], None], *numbers: signal.Signals) -> Iterator[None]:
    """Hand the number of each of these signals to `put` while this lasts; main thread only.

    `put` should be that of a SimpleQueue, which is made for that: the lock of an Event or of a
    Queue may be held when the signal comes, and would never be free again.
    """
    before = {
        number: signal.signal(number, lambda number, _: put(signal.Signals(number)))
        for number in numbers
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
