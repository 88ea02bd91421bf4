"""Limit the rate of requests."""

from collections import deque
from collections.abc import Callable
from threading import Lock

MINUTE = 60.0
"""The length of a minute in seconds."""


class Pace:
    """A limit of `rate` requests per minute over all threads.

    `monotonic` returns seconds, and `wait` takes seconds.
    """

    def __init__(
        self, rate: int, monotonic: Callable[[], float], wait: Callable[[float], object]
    ) -> None:
        self._monotonic = monotonic
        self._wait = wait
        self._begun: deque[float] = deque(maxlen=rate)
        self._paused_until = 0.0
        self._lock = Lock()

    def take(self) -> float:
        """Wait until a request may start, and return the seconds."""
        with self._lock:
            now = self._monotonic()
            at = max(now, self._paused_until)
            if len(self._begun) == self._begun.maxlen:
                at = max(at, self._begun[0] + MINUTE)
            self._begun.append(at)
        if at > now:
            self._wait(at - now)
        return at - now

    @property
    def paused_for(self) -> float:
        """Return the remaining seconds of a pause."""
        return max(0.0, self._paused_until - self._monotonic())

    def pause(self, seconds: float) -> None:
        """Start no request for some seconds."""
        with self._lock:
            self._paused_until = max(self._paused_until, self._monotonic() + seconds)
