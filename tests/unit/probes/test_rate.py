from catalog.probes.rate import Pace


class Time:
    """A clock that only moves when a test waits."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now

    def wait(self, seconds: float) -> None:
        """Move the clock."""
        self.now += seconds


def test_no_minute_has_more_than_the_rate() -> None:
    """Requests start at once up to the rate, and then wait for the minute."""
    time = Time()
    pace, starts = Pace(3, time, time.wait), []
    for _ in range(8):
        pace.take()
        starts.append(time.now)
        time.now += 1
    assert starts[:3] == [1000, 1001, 1002]
    assert all(later - earlier >= 60 for earlier, later in zip(starts, starts[3:], strict=False))


def test_a_pause_is_kept() -> None:
    """No request starts during a pause, and a shorter pause does not end it."""
    time = Time()
    pace = Pace(3, time, time.wait)
    assert pace.take() == 0
    pace.pause(90)
    pace.pause(5)
    assert pace.paused_for == 90
    assert pace.take() == 90
    assert pace.paused_for == 0
    assert time.now == 1090
