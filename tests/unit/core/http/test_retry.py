from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.core.errors import ProviderFailing, RateLimited, TimedOut
from catalog.core.http.retry import LONGEST_WAIT, insist, seconds_asked

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Script:
    """Raises one error after the other, then returns "done"; keeps the seconds it was given."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.left: list[float] = []

    def __call__(self, left: float) -> str:
        """Do the next thing of the script."""
        self.left.append(left)
        if self.errors:
            raise self.errors.pop(0)
        return "done"


def failing(retry_after: float | None = None) -> ProviderFailing:
    """Make an error that is worth another attempt."""
    return ProviderFailing("503", status=503, retry_after=retry_after)


def test_it_tries_again_until_it_succeeds() -> None:
    """What failed twice and then works has worked."""
    script = Script(failing(), failing())
    assert insist(script, attempts=4, seconds=10, backoff=0) == "done"
    assert len(script.left) == 3


def test_it_gives_up_after_so_many_attempts_with_the_last_error() -> None:
    """The number of attempts is capped, and the newest reason is told."""
    script = Script(failing(), failing(), RateLimited("last"))
    with pytest.raises(RateLimited, match="last"):
        insist(script, attempts=3, seconds=10, backoff=0)
    assert len(script.left) == 3


def test_every_attempt_is_told_what_time_is_left() -> None:
    """The attempts share one budget of time, which only shrinks."""
    script = Script(failing(), failing())
    insist(script, attempts=4, seconds=10, backoff=0.001)
    assert script.left == sorted(script.left, reverse=True)
    assert 9 < script.left[-1] < script.left[0] <= 10


@pytest.mark.parametrize("error", [TimedOut("too slow"), ValueError("a bug")])
def test_what_would_not_get_better_is_not_tried_again(error: Exception) -> None:
    """Only an error that says so is worth a second attempt."""
    script = Script(error)
    with pytest.raises(type(error)):
        insist(script, attempts=4, seconds=10, backoff=0)
    assert len(script.left) == 1


@pytest.mark.parametrize(
    ("error", "backoff"), [(failing(retry_after=60), 0.0), (failing(), 60.0), (failing(), 6.0)]
)
def test_a_wait_that_does_not_fit_is_not_begun(error: ProviderFailing, backoff: float) -> None:
    """A wait longer than the time left, asked for or our own, ends it at once."""
    script = Script(error)
    with pytest.raises(ProviderFailing):
        insist(script, attempts=4, seconds=10, backoff=backoff)
    assert len(script.left) == 1


def test_a_wait_that_the_server_asks_for_takes_the_place_of_our_own() -> None:
    """With `Retry-After: 0` it goes on at once, however long the backoff is."""
    script = Script(failing(retry_after=0.0))
    assert insist(script, attempts=2, seconds=10, backoff=60) == "done"
    assert script.left[-1] > 9


def test_a_retry_is_logged_with_its_reason_and_wait(caplog: pytest.LogCaptureFixture) -> None:
    """The operator sees why it takes longer."""
    insist(Script(failing()), attempts=2, seconds=10, backoff=0)
    assert caplog.record_tuples == [
        ("catalog.core.http", 30, "attempt 1 failed: 503; trying again in 0.0 s")
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
    """Seconds and dates become seconds from now; anything else is no wish at all."""
    assert seconds_asked(header, NOW) == seconds


@given(st.text() | st.text(st.sampled_from("0123456789 ,:+-JanThuGMT"), max_size=40))
def test_no_header_can_upset_the_reading(header: str) -> None:
    """Whatever a server sends, the wait is unknown or a number within bounds."""
    seconds = seconds_asked(header, NOW)
    assert seconds is None or 0 <= seconds <= LONGEST_WAIT


@given(
    st.integers(0, 10_000_000),
    st.integers(-12 * 60, 12 * 60).map(lambda m: timezone(timedelta(minutes=m))),
)
def test_a_date_in_any_zone_means_the_moment_it_names(seconds: int, zone: timezone) -> None:
    """A date so many seconds ahead asks for so many seconds."""
    moment = (NOW + timedelta(seconds=seconds)).astimezone(zone)
    assert seconds_asked(format_datetime(moment), NOW) == seconds
