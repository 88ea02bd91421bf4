"""The time limit of calls that cannot be stopped."""

from threading import Event

import pytest

from catalog.alerts.timeout import within


def test_a_timeout_of_the_call_itself_is_raised() -> None:
    """The call's own TimeoutError is raised unchanged, without extra time."""
    calls = []

    def more() -> float:
        calls.append(1)
        return 0

    def call() -> None:
        raise TimeoutError("the call's own")

    with pytest.raises(TimeoutError, match="the call's own"):
        within(60, call, more)
    assert not calls


def test_a_call_that_takes_longer_is_abandoned() -> None:
    """After the timeout and the extra time, the caller continues."""
    never = Event()
    with pytest.raises(TimeoutError):
        within(0.01, never.wait, lambda: 0.01)
    never.set()
