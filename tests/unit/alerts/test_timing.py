"""The times at which messages are sent and retried."""

from datetime import UTC, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.alerts.timing import WAITS, Digest, Quiet, Timing, next_attempt, read_clock
from catalog.changes.finding import Level

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ZURICH = ZoneInfo("Europe/Zurich")
SANTIAGO = ZoneInfo("America/Santiago")
LATE = Quiet(time(22), time(0))
NIGHT = Quiet(time(22), time(7))
EARLY = Quiet(time(1), time(2, 30))
AT_ONCE, HOURLY, DAILY = Digest.AT_ONCE, Digest.HOURLY, Digest.DAILY
INFO, BREAKING = (Level.INFO,), (Level.INFO, Level.BREAKING)


def at(text: str) -> datetime:
    """Parse a time in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("timing", "moment", "due"),
    [
        (Timing(), "2026-03-02 12:00", "2026-03-02 12:00"),
        (Timing(HOURLY), "2026-03-02 12:00", "2026-03-02 13:00"),
        (Timing(HOURLY), "2026-03-02 12:59:59", "2026-03-02 13:00"),
        (Timing(HOURLY), "2026-03-02 23:30", "2026-03-03 00:00"),
        (Timing(DAILY), "2026-03-02 07:59", "2026-03-02 08:00"),
        (Timing(DAILY), "2026-03-02 08:00", "2026-03-03 08:00"),
        (Timing(DAILY, zone=ZURICH), "2026-03-02 07:30", "2026-03-03 07:00"),
        (Timing(DAILY, zone=ZURICH), "2026-07-02 05:30", "2026-07-02 06:00"),
        # The night before summer time is an hour shorter.
        (Timing(DAILY, zone=ZURICH), "2026-03-28 12:00", "2026-03-29 06:00"),
        # 02:30 is skipped that night: the message is sent at 03:30, the same instant.
        (Timing(DAILY, time(2, 30), zone=ZURICH), "2026-03-28 12:00", "2026-03-29 01:30"),
        # 02:30 occurs twice that night: the first one counts.
        (Timing(DAILY, time(2, 30), zone=ZURICH), "2026-10-24 12:00", "2026-10-25 00:30"),
        (Timing(DAILY, time(2, 30), zone=ZURICH), "2026-10-25 01:15", "2026-10-26 01:30"),
        # The day begins at 01:00 on 2026-09-06 in Chile: there is no midnight.
        (Timing(DAILY, time(0), zone=SANTIAGO), "2026-09-05 12:00", "2026-09-06 04:00"),
        (Timing(DAILY, time(0), zone=SANTIAGO), "2026-09-06 04:00", "2026-09-07 03:00"),
        (Timing(DAILY, time(0, 30), zone=SANTIAGO), "2026-09-06 04:10", "2026-09-06 04:30"),
        (Timing(DAILY, time(23, 30), zone=SANTIAGO), "2026-09-06 03:40", "2026-09-07 02:30"),
        (Timing(quiet=LATE, zone=SANTIAGO), "2026-09-06 03:00", "2026-09-06 04:00"),
        # 23:30 occurs twice on 2026-04-04.
        (Timing(DAILY, time(23, 30), zone=SANTIAGO), "2026-04-05 03:10", "2026-04-06 03:30"),
        (Timing(quiet=LATE, zone=SANTIAGO), "2026-04-05 02:30", "2026-04-05 04:00"),
        (Timing(quiet=NIGHT), "2026-03-02 21:59", "2026-03-02 21:59"),
        (Timing(quiet=NIGHT), "2026-03-02 22:00", "2026-03-03 07:00"),
        (Timing(quiet=NIGHT), "2026-03-03 06:59", "2026-03-03 07:00"),
        (Timing(quiet=NIGHT), "2026-03-03 07:00", "2026-03-03 07:00"),
        (Timing(quiet=Quiet(time(12), time(13))), "2026-03-02 12:30", "2026-03-02 13:00"),
        (Timing(quiet=Quiet(time(12), time(13))), "2026-03-02 13:00", "2026-03-02 13:00"),
        (Timing(quiet=NIGHT, zone=ZURICH), "2026-03-28 22:00", "2026-03-29 05:00"),
        (Timing(quiet=NIGHT, zone=ZURICH), "2026-10-24 22:30", "2026-10-25 06:00"),
        (Timing(HOURLY, quiet=NIGHT), "2026-03-02 21:30", "2026-03-03 07:00"),
        (Timing(DAILY, time(23), NIGHT), "2026-03-02 12:00", "2026-03-03 07:00"),
        (Timing(quiet=EARLY, zone=ZURICH), "2026-10-25 00:15", "2026-10-25 00:30"),
        (Timing(quiet=EARLY, zone=ZURICH), "2026-10-25 00:45", "2026-10-25 00:45"),
        (Timing(quiet=EARLY, zone=ZURICH), "2026-10-25 01:15", "2026-10-25 01:30"),
        (Timing(quiet=EARLY, zone=ZURICH), "2026-03-29 00:45", "2026-03-29 01:30"),
    ],
)
def test_due_time_of_a_message(timing: Timing, moment: str, due: str) -> None:
    """Digests wait for their hour and quiet hours for their end, also at clock changes."""
    assert timing.due(at(moment), INFO) == at(due)


@pytest.mark.parametrize(
    ("timing", "due"),
    [
        (Timing(DAILY), "2026-03-02 23:00"),
        (Timing(DAILY, quiet=NIGHT), "2026-03-02 23:00"),
        (Timing(DAILY, quiet=NIGHT, breaking_waits=True), "2026-03-03 07:00"),
    ],
)
def test_breaking_findings_are_sent_at_once(timing: Timing, due: str) -> None:
    """Breaking findings ignore digests, and also quiet hours unless configured otherwise."""
    assert timing.due(at("2026-03-02 23:00"), BREAKING) == at(due)


# Times around the clock changes of Zurich and New York.
nights = st.sampled_from(["2026-03-29", "2026-10-25", "2026-03-08", "2026-11-01", "2026-06-01"])
moments = st.builds(
    lambda night, minutes: at(night) + timedelta(minutes=minutes),
    nights,
    st.integers(-1500, 1500),
)
clocks = st.times().map(lambda each: each.replace(second=0, microsecond=0))
spans = st.lists(clocks, min_size=2, max_size=2, unique=True)
quiets = st.none() | spans.map(lambda pair: Quiet(*pair))
zones = st.sampled_from(
    [UTC, *map(ZoneInfo, ("Europe/Zurich", "America/New_York", "Asia/Kolkata", "Pacific/Apia"))]
)


@given(moments, st.sampled_from(Digest), clocks, quiets, zones)
def test_messages_respect_quiet_hours_and_are_not_lost(
    moment: datetime, digest: Digest, daily: time, quiet: Quiet | None, zone: ZoneInfo
) -> None:
    """A message is sent neither early nor in quiet hours, and waits two days at most."""
    due = Timing(digest, daily, quiet, zone).due(moment, INFO)
    assert moment <= due <= moment + timedelta(hours=50)
    assert due.tzinfo is UTC
    if quiet is not None:
        local = due.astimezone(zone)
        assert quiet.ending(local).astimezone(UTC) <= due


Change = tuple[ZoneInfo, datetime]
"""A zone, and the first minute after a clock change."""


@cache
def changes_at_midnight() -> list[Change]:
    """Find the clock changes near midnight since 2018, in all zones."""
    months = [at("2018-01-01") + timedelta(weeks=4 * number) for number in range(130)]
    changes = (
        (zone, _first(low, high, zone))
        for zone in map(ZoneInfo, sorted(available_timezones()))
        for low, high in pairwise(months)
        if _offset(low, zone) != _offset(high, zone)
    )
    return [(zone, moment) for zone, moment in changes if _hours(moment, zone) & {23, 0}]


def _first(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    """Return the first minute with another offset than `low`."""
    while high - low > timedelta(minutes=1):
        middle = (low + (high - low) / 2).replace(second=0, microsecond=0)
        same = _offset(middle, zone) == _offset(low, zone)
        low, high = (middle, high) if same else (low, middle)
    return high


def _hours(moment: datetime, zone: ZoneInfo) -> set[int]:
    around = (moment + timedelta(minutes=minutes) for minutes in (-60, -1, 0))
    return {each.astimezone(zone).hour for each in around}


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta | None:
    return moment.astimezone(zone).utcoffset()


changes = st.deferred(lambda: st.sampled_from(changes_at_midnight()))
near = st.integers(-1500, 1500).map(lambda minutes: timedelta(minutes=minutes))
OPEN = 3 * 60
"""The minimum minutes outside of quiet hours, more than a clock change skips."""


def open_for_long(quiet: Quiet) -> bool:
    """Return whether there are some hours outside of quiet hours."""
    begin, end = (each.hour * 60 + each.minute for each in (quiet.begin, quiet.end))
    return (begin - end) % 1440 >= OPEN


def test_the_known_changes_at_midnight_are_found() -> None:
    """The changes cover the zones in which clocks go forward at midnight."""
    zones = {zone.key for zone, _ in changes_at_midnight()}
    known = "America/Santiago Africa/Cairo Asia/Beirut America/Asuncion America/Havana Asia/Amman"
    assert {*known.split()} <= zones


@given(changes, near, spans.map(lambda pair: Quiet(*pair)).filter(open_for_long))
def test_quiet_hours_end_if_midnight_is_skipped(
    change: Change, away: timedelta, quiet: Quiet
) -> None:
    """The end is not early, is outside of the quiet hours, and is at most a day away."""
    zone, moment = change
    end = quiet.ending((moment + away).astimezone(zone))
    assert moment + away <= end.astimezone(UTC) <= moment + away + timedelta(hours=25)
    clock = end.astimezone(UTC).astimezone(zone).time()
    if quiet.begin < quiet.end:
        assert not quiet.begin <= clock < quiet.end
    else:
        assert quiet.end <= clock < quiet.begin


@given(changes, near, clocks)
def test_a_daily_digest_comes_once_a_day_if_midnight_is_skipped(
    change: Change, away: timedelta, daily: time
) -> None:
    """About every 24 hours there is one digest, and each message goes into the next one.

    A skipped time of day may move beyond midnight, so it can be the second one of its day.
    """
    zone, moment = change
    timing = Timing(DAILY, daily, zone=zone)
    due = [timing.due(moment - timedelta(days=3), INFO)]
    for _ in range(6):
        due.append(timing.due(due[-1], INFO))
    hours = [(later - earlier) / timedelta(hours=1) for earlier, later in pairwise(due)]
    assert all(20 <= each <= 28 for each in hours)  # clocks move by three hours at most
    assert timing.due(moment + away, INFO) == min(each for each in due if each > moment + away)


@pytest.mark.parametrize(
    ("attempts", "seconds"),
    [(1, 5), (2, 300), (3, 1800), (4, 7200), (5, 18000), (6, 36000), (7, 86400), (8, 86400)],
)
def test_waits_grow(attempts: int, seconds: int) -> None:
    """Each wait is the one of Standard Webhooks, plus or minus 10 %."""
    middle = timedelta(seconds=seconds)
    assert next_attempt(attempts, NOW, None, 0.5) == NOW + middle
    assert next_attempt(attempts, NOW, None, 0.0) == NOW + 0.9 * middle
    assert next_attempt(attempts, NOW, None, 1.0) == NOW + 1.1 * middle


def test_attempts_end_after_about_three_days() -> None:
    """After the last wait there is no other attempt, whatever pause is requested."""
    assert next_attempt(len(WAITS) + 1, NOW, 60, 0.5) is None
    assert timedelta(days=2.5) < sum(WAITS, timedelta()) < timedelta(days=3)


@pytest.mark.parametrize(
    ("asked", "waited"), [(None, 5), (0, 5), (3, 5), (60, 60), (86400, 86400), (10**9, 86400)]
)
def test_a_requested_pause_is_respected(asked: float | None, waited: int) -> None:
    """`Retry-After` makes a wait longer, never shorter, up to a day."""
    assert next_attempt(1, NOW, asked, 0.5) == NOW + timedelta(seconds=waited)


@pytest.mark.parametrize("text", ["22:00-07:00", " 22:00 - 07:00 "])
def test_quiet_hours_are_read(text: str) -> None:
    """Quiet hours are two times of day with a dash between them."""
    assert Quiet.read(text) == NIGHT


@pytest.mark.parametrize("text", ["", "22:00", "22-07", "24:00-07:00", "22:00-07:60", "a-b-c"])
def test_invalid_quiet_hours(text: str) -> None:
    """Other texts are refused with an example."""
    with pytest.raises(ValueError, match="hours such as 22:00-07:00 are expected"):
        Quiet.read(text)


def test_quiet_hours_must_end() -> None:
    """Equal times are refused, because they could mean never or always."""
    with pytest.raises(ValueError, match="never end"):
        Quiet.read("08:00-08:00")


@pytest.mark.parametrize("text", ["8:00", "08:00:00", "25:00", "noon", "０８:００"])  # noqa: RUF001  # wide digits are intended
def test_invalid_time_of_day(text: str) -> None:
    """A time of day has two digits for hours and two for minutes."""
    with pytest.raises(ValueError, match="such as 08:00"):
        read_clock(text)
