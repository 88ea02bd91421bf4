"""The due times of passes by interval and by cron expression."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.core.errors import SettingsInvalid
from catalog.daemon.schedule import Cron, Interval, Schedule, spread

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
# A Friday, between two minutes.
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

FIELDS = st.tuples(
    st.sampled_from(["*", "0", "*/7", "5-50/9", "59"]),
    st.sampled_from(["*", "0", "1,13", "*/6"]),
    st.sampled_from(["*", "1", "15", "28-31", "*/10"]),
    st.sampled_from(["*", "jan", "feb-apr", "12"]),
    st.sampled_from(["*", "0", "7", "mon-fri", "sat,sun"]),
)
SCHEDULES = st.one_of(
    st.integers(1, 7 * 86400).map(lambda seconds: Interval(seconds * SECOND)),
    FIELDS.map(lambda fields: Cron(" ".join(fields))),
)
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # the strategy adds the zone


@given(schedule=SCHEDULES, now=MOMENTS)
def test_the_due_slot_contains_now(schedule: Schedule, now: datetime) -> None:
    """The slot is not after now, the next one is, and no slot is between them."""
    slot, following = schedule.slot(now), schedule.next_after(now)
    assert slot <= now < following
    assert schedule.next_after(slot) == following
    assert schedule.slot(slot) == schedule.slot(following - SECOND) == slot
    assert schedule.slot(following) == following


@given(schedule=SCHEDULES, now=MOMENTS, share=st.floats(0, 1), jitter=st.integers(0, 9999))
def test_jitter_stays_in_the_first_half_of_its_slot(
    schedule: Schedule, now: datetime, share: float, jitter: int
) -> None:
    """With any jitter, the delayed run stays in its slot."""
    due = schedule.next_after(now)
    moment = spread(schedule, now, jitter * SECOND, share)
    assert due <= moment <= due + jitter * SECOND
    assert schedule.slot(moment) == due
    assert moment - due <= (schedule.next_after(due) - due) / 2


def test_an_interval_counts_from_1970() -> None:
    """Hours begin with the hour, and weeks with the weekday of 1970-01-01."""
    assert Interval(HOUR).slot(NOW) == datetime(2026, 1, 2, 3, tzinfo=UTC)
    assert Interval(7 * HOUR).slot(NOW + SECOND) == Interval(7 * HOUR).slot(NOW)
    assert Interval(168 * HOUR).next_after(NOW) == datetime(2026, 1, 8, tzinfo=UTC)
    assert str(Interval(HOUR)) == "every 3,600 s"


@pytest.mark.parametrize(
    ("expression", "after"),
    [
        ("* * * * *", ["2026-01-02T03:05", "2026-01-02T03:06"]),
        ("30 6 * * *", ["2026-01-02T06:30", "2026-01-03T06:30"]),
        (" 0  3 * * * ", ["2026-01-03T03:00", "2026-01-04T03:00"]),
        ("*/20 9-17/4 * * *", ["2026-01-02T09:00", "2026-01-02T09:20"]),
        ("0 0 * * 0", ["2026-01-04T00:00", "2026-01-11T00:00"]),
        ("0 0 * * 7", ["2026-01-04T00:00", "2026-01-11T00:00"]),
        ("0 0 * * Sun", ["2026-01-04T00:00", "2026-01-11T00:00"]),
        ("0 0 * * 1", ["2026-01-05T00:00", "2026-01-12T00:00"]),
        ("0 6 * * MON-fri", ["2026-01-02T06:00", "2026-01-05T06:00"]),
        ("0 0 1 MAR,sep *", ["2026-03-01T00:00", "2026-09-01T00:00"]),
        # Day of month OR day of week if both are restricted. AND if one begins with a star.
        ("0 0 13 * 5", ["2026-01-09T00:00", "2026-01-13T00:00", "2026-01-16T00:00"]),
        ("0 0 */2 * 1", ["2026-01-05T00:00", "2026-01-19T00:00"]),
        ("0 0 29 2 *", ["2028-02-29T00:00", "2032-02-29T00:00"]),
        ("0 0 31 * *", ["2026-01-31T00:00", "2026-03-31T00:00"]),
        ("@yearly", ["2027-01-01T00:00", "2028-01-01T00:00"]),
        ("@annually", ["2027-01-01T00:00"]),
        ("@monthly", ["2026-02-01T00:00"]),
        ("@weekly", ["2026-01-04T00:00", "2026-01-11T00:00"]),
        ("@Daily", ["2026-01-03T00:00", "2026-01-04T00:00"]),
        ("@midnight", ["2026-01-03T00:00"]),
        ("@hourly", ["2026-01-02T04:00", "2026-01-02T05:00"]),
    ],
)
def test_cron_expressions_have_the_meaning_of_cron(expression: str, after: list[str]) -> None:
    """Each expression fires at these times in order."""
    cron, now = Cron(expression), NOW
    for moment in after:
        now = cron.next_after(now)
        assert now == datetime.fromisoformat(moment).replace(tzinfo=UTC)
        assert cron.slot(now) == now
    assert str(cron) == f"cron {expression.strip()}"


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("", "five fields"),
        ("* * * *", "five fields"),
        ("0 * * * * *", "five fields"),
        ("@reboot", "five fields"),
        ("60 * * * *", "bad minute"),
        ("* 24 * * *", "bad hour"),
        ("* * 0 * *", "bad day-of-month"),
        ("* * * 13 *", "bad month"),
        ("* * * * 8", "bad day-of-week"),
        ("* * * * noday", "bad day-of-week"),
        ("9-5 * * * *", "bad minute"),
        ("*/0 * * * *", "bad minute"),
        ("1,,2 * * * *", "bad minute"),
        ("-1 * * * *", "bad minute"),
        (f"{'1' * 5000} * * * *", "bad number"),
        ("0 0 30 2 *", "never fires"),
        ("0 0 31 4,6 *", "never fires"),
        ("0 0 30 2 */7", "never fires"),
        ("0 0 */31 * 1#2", "the cron expression never fires"),
    ],
)
def test_a_wrong_cron_expression_is_refused(expression: str, reason: str) -> None:
    """An invalid expression, or one that never fires, is refused."""
    with pytest.raises(SettingsInvalid, match=reason):
        Cron(expression)
