"""How fast requests may follow one another."""

from collections import deque
from collections.abc import Callable
from threading import Lock

MINUTE = 60.0
"""Seconds."""


class Pace:
    """Lets at most `rate` requests begin in any minute, whichever threads they come from.

    `monotonic` tells seconds, `wait` waits so many.
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
        """Wait until one more request may begin; return for how many seconds."""
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
        """For how many seconds nothing begins yet."""
        return max(0.0, self._paused_until - self._monotonic())

    def pause(self, seconds: float) -> None:
        """Let nothing begin for so long."""
        with self._lock:
            self._paused_until = max(self._paused_until, self._monotonic() + seconds)
