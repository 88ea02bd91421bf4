"""When a message may go out, and when it is tried again."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.alerts.timing import WAITS, Digest, Quiet, Timing, next_attempt
from catalog.change import Level

ZURICH = ZoneInfo("Europe/Zurich")
NIGHT = Quiet(time(22), time(7))
NOON = Quiet(time(12), time(13, 30))
HOURLY, DAILY = Timing(Digest.HOURLY), Timing(Digest.DAILY)


def utc(text: str) -> datetime:
    """Read a moment of one winter's day, or with a date."""
    return datetime.fromisoformat(text if "T" in text else f"2026-01-15T{text}").replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("timing", "at", "due"),
    [
        (Timing(), "10:20", "10:20"),
        (HOURLY, "10:20", "11:00"),
        (HOURLY, "10:00", "11:00"),
        (HOURLY, "23:59", "2026-01-16T00:00"),
        (DAILY, "07:59", "08:00"),
        (DAILY, "08:00", "2026-01-16T08:00"),
        (Timing(Digest.DAILY, daily_at=time(9, 30), zone=ZURICH), "08:29", "08:30"),
        (Timing(Digest.DAILY, zone=ZURICH), "2026-03-28T12:00", "2026-03-29T06:00"),
        (Timing(quiet=NIGHT), "21:59", "21:59"),
        (Timing(quiet=NIGHT), "22:00", "2026-01-16T07:00"),
        (Timing(quiet=NIGHT), "03:00", "07:00"),
        (Timing(quiet=NIGHT), "07:00", "07:00"),
        (Timing(quiet=NOON), "12:00", "13:30"),
        (Timing(quiet=NOON), "11:59", "11:59"),
        (Timing(quiet=NIGHT, zone=ZURICH), "2026-03-28T23:30", "2026-03-29T05:00"),
        (Timing(quiet=NIGHT, zone=ZURICH), "2026-10-24T22:30", "2026-10-25T06:00"),
        (Timing(Digest.HOURLY, quiet=NIGHT), "21:30", "2026-01-16T07:00"),
    ],
)
def test_due(timing: Timing, at: str, due: str) -> None:
    """Digests collect, quiet hours wait for their end, by the clock of the channel's own place."""
    assert timing.due(utc(at), [Level.INFO, Level.WARNING]) == utc(due)


def test_what_is_breaking_waits_for_nobody() -> None:
    """It passes by digest and quiet hours, unless the channel wants its nights."""
    night = utc("23:00")
    assert Timing(Digest.DAILY, quiet=NIGHT).due(night, [Level.INFO, Level.BREAKING]) == night
    sleeper = Timing(Digest.DAILY, quiet=NIGHT, breaking_waits=True)
    assert sleeper.due(night, [Level.BREAKING]) == utc("2026-01-16T07:00")


@given(
    at=st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001  # bounds
    digest=st.sampled_from(Digest),
    begin=st.times(),
    end=st.times(),
)
@settings(derandomize=True, deadline=None)
def test_nothing_is_due_in_the_past_or_far_away(
    at: datetime, digest: Digest, begin: time, end: time
) -> None:
    """Whatever the settings, a message goes out within two days, and never before its poll."""
    timing = Timing(digest, quiet=Quiet(begin, end), zone=ZURICH)
    assert at <= timing.due(at, [Level.INFO]) <= at + timedelta(days=2, hours=1)


def test_attempts_last_about_three_days() -> None:
    """From seconds to a day, each wait longer than the one before; then no more."""
    now, moments = utc("10:00"), []
    for attempts in range(1, len(WAITS) + 1):
        again = next_attempt(attempts, now, None, 0.5)
        assert again is not None
        moments.append(again - now)
    assert moments[0] == timedelta(seconds=5)
    assert moments == sorted(moments)
    assert timedelta(days=2) < sum(moments, timedelta()) < timedelta(days=3, hours=12)
    assert next_attempt(len(WAITS) + 1, now, None, 0.5) is None


@pytest.mark.parametrize(
    ("asked", "chance", "seconds"),
    [(None, 0, 270), (None, 1, 330), (60, 0.5, 300), (3600, 0.5, 3600), (1e9, 0.5, 86400)],
)
def test_jitter_and_what_the_receiver_asks_for(
    asked: float | None, chance: float, seconds: int
) -> None:
    """Up to 10 % to either side; a longer pause that is asked for is given, up to a day."""
    assert next_attempt(2, utc("10:00"), asked, chance) == utc("10:00") + timedelta(seconds=seconds)
