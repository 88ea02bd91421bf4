"""The health of a provider by its stored polls."""

from datetime import datetime, timedelta

import pytest

from catalog.changes.health import Freshness, State, Tolerance, Unwell, examine, is_overdue
from catalog.changes.poll import Backlog, Outcome
from tests.support.builders import AT

HOUR = timedelta(hours=1)
TOLERANCE = Tolerance(failures=3, warn_after=26 * HOUR, error_after=72 * HOUR)


@pytest.mark.parametrize(
    ("hours", "failures", "last", "state", "freshness"),
    [
        (1, 0, Outcome.UNCHANGED, State.OK, Freshness.OK),
        (1, 2, Outcome.FAILED, State.OK, Freshness.OK),
        (3, 3, Outcome.FAILED, State.FAILING, Freshness.OK),
        (1, 0, Outcome.HELD, State.HELD, Freshness.OK),
        (1, 0, Outcome.INVALID, State.INVALID, Freshness.OK),
        (26, 0, Outcome.CHANGED, State.STALE, Freshness.WARN),
        (26, 1, Outcome.FAILED, State.STALE, Freshness.WARN),
        (72, 0, Outcome.FIRST, State.STALE, Freshness.ERROR),
        (80, 9, Outcome.FAILED, State.FAILING, Freshness.ERROR),
    ],
)
def test_examine(
    hours: int, failures: int, last: Outcome, state: State, freshness: Freshness
) -> None:
    """The last problem is the state, and an old catalog without one is stale."""
    health = examine(Unwell(failures=failures, accepted_at=AT), last, TOLERANCE, AT + hours * HOUR)
    assert (health.state, health.freshness, health.age) == (state, freshness, hours * HOUR)
    assert health.is_well == (state is State.OK)


def test_a_catalog_that_was_never_read() -> None:
    """Before the first accepted poll it is stale without age, and no age is negative."""
    never = examine(Unwell(), None, TOLERANCE, AT)
    assert (never.state, never.freshness, never.age) == (State.STALE, Freshness.ERROR, None)
    ahead = examine(Unwell(accepted_at=AT + HOUR), Outcome.UNCHANGED, TOLERANCE, AT)
    assert (ahead.state, ahead.age) == (State.OK, timedelta(0))


@pytest.mark.parametrize(
    ("due", "polled", "overdue"),
    [
        (None, AT - HOUR, False),
        (AT - HOUR, None, False),
        (AT - HOUR, AT - HOUR, True),
        (AT - HOUR, AT - timedelta(minutes=9), False),
        (AT - HOUR, AT - 2 * HOUR, False),
    ],
)
def test_a_message_is_overdue_when_a_poll_should_have_sent_it(
    due: datetime | None, polled: datetime | None, *, overdue: bool
) -> None:
    """A message is overdue if it was due at the last finished poll."""
    assert is_overdue(Backlog("ops", 1, None, None, due), polled, AT) == overdue
