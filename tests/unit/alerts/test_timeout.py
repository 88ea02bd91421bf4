"""A time limit on calls that cannot be stopped from outside."""

from threading import Event

import pytest

from catalog.alerts.timeout import within


def test_a_time_limit_of_the_call_itself_is_not_taken_for_ours() -> None:
    """The call's own TimeoutError is raised unchanged, without extra time."""
    asked = []

    def more() -> float:
        asked.append(1)
        return 0

    def call() -> None:
        raise TimeoutError("the call's own")

    with pytest.raises(TimeoutError, match="the call's own"):
        within(60, call, more)
    assert not asked


def test_what_lasts_longer_is_left_to_itself() -> None:
    """After the timeout and the extra time, the caller continues."""
    never = Event()
    with pytest.raises(TimeoutError):
        within(0.01, never.wait, lambda: 0.01)
    never.set()
