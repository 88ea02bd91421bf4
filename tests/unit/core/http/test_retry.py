import logging
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.core.errors import ProviderFailing, RateLimited, TimedOut
from catalog.core.http.retry import LONGEST_WAIT, retry, retry_after

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Script:
    """A callable that raises errors one by one, then returns "done"."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.left: list[float] = []

    def __call__(self, left: float) -> str:
        """Raise the next error, or return "done"."""
        self.left.append(left)
        if self.errors:
            raise self.errors.pop(0)
        return "done"


def failing(retry_after: float | None = None) -> ProviderFailing:
    """Return a retryable error."""
    return ProviderFailing("503", status=503, retry_after=retry_after)


def test_it_tries_again_until_it_succeeds() -> None:
    """A call that fails twice and then works succeeds."""
    script = Script(failing(), failing())
    assert retry(script, attempts=4, seconds=10, backoff=0) == "done"
    assert len(script.left) == 3


def test_it_gives_up_after_the_last_attempt() -> None:
    """The attempts are limited and the last error is raised."""
    script = Script(failing(), failing(), RateLimited("last"))
    with pytest.raises(RateLimited, match="last"):
        retry(script, attempts=3, seconds=10, backoff=0)
    assert len(script.left) == 3


def test_every_attempt_gets_the_time_left() -> None:
    """Each attempt gets the remaining seconds, which only decrease."""
    script = Script(failing(), failing())
    retry(script, attempts=4, seconds=10, backoff=0.001)
    assert script.left == sorted(script.left, reverse=True)
    assert 9 < script.left[-1] < script.left[0] <= 10


@pytest.mark.parametrize("error", [TimedOut("too slow"), ValueError("a bug")])
def test_a_permanent_error_is_not_retried(error: Exception) -> None:
    """Only a retryable error is retried."""
    script = Script(error)
    with pytest.raises(type(error)):
        retry(script, attempts=4, seconds=10, backoff=0)
    assert len(script.left) == 1


@pytest.mark.parametrize(
    ("error", "backoff"), [(failing(retry_after=60), 0.0), (failing(), 60.0), (failing(), 6.0)]
)
def test_a_wait_that_does_not_fit_is_not_begun(error: ProviderFailing, backoff: float) -> None:
    """A wait longer than the time left ends the retries at once."""
    script = Script(error)
    with pytest.raises(ProviderFailing):
        retry(script, attempts=4, seconds=10, backoff=backoff)
    assert len(script.left) == 1


def test_a_requested_wait_replaces_the_backoff() -> None:
    """`Retry-After: 0` retries at once with any backoff."""
    script = Script(failing(retry_after=0.0))
    assert retry(script, attempts=2, seconds=10, backoff=60) == "done"
    assert script.left[-1] > 9


def test_a_retry_is_logged_with_its_reason_and_wait(caplog: pytest.LogCaptureFixture) -> None:
    """The log has the reason and the wait of a retry."""
    caplog.set_level(logging.INFO, "catalog.core.http")
    retry(Script(failing()), attempts=2, seconds=10, backoff=0)
    assert caplog.record_tuples == [
        ("catalog.core.http", 20, "attempt 1 failed: 503; trying again in 0.0 s")
    ]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("1.5", None),
        ("٣", None),
        ("Thu, 99 Jan 2026 12:00:00 GMT", None),
        ("0", 0),
        (" 120 ", 120),
        ("9" * 5000, LONGEST_WAIT),
        ("Thu, 01 Jan 2026 12:02:00 GMT", 120),
        ("Thursday, 01-Jan-26 12:02:00 GMT", 120),
        ("Thu, 01 Jan 2026 12:02:00 -0000", 120),
        ("Thu, 01 Jan 2026 13:02:00 +0100", 120),
        ("Thu, 01 Jan 2026 11:59:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST_WAIT),
    ],
)
def test_both_forms_of_retry_after_are_read(header: str | None, seconds: float | None) -> None:
    """Seconds and dates become seconds, and other texts None."""
    assert retry_after(header, NOW) == seconds


@given(st.text() | st.text(st.sampled_from("0123456789 ,:+-JanThuGMT"), max_size=40))
def test_any_header_is_read(header: str) -> None:
    """Any header gives None or a number within bounds."""
    seconds = retry_after(header, NOW)
    assert seconds is None or 0 <= seconds <= LONGEST_WAIT


@given(
    st.integers(0, 10_000_000),
    st.integers(-12 * 60, 12 * 60).map(lambda m: timezone(timedelta(minutes=m))),
)
def test_a_date_in_any_zone_is_read(seconds: int, zone: timezone) -> None:
    """A date in any zone gives the seconds until that time."""
    moment = (NOW + timedelta(seconds=seconds)).astimezone(zone)
    assert retry_after(format_datetime(moment), NOW) == seconds
