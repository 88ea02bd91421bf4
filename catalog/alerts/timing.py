"""Compute when messages are sent and retried.

The functions are pure: they read no clock and use no randomness.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from enum import StrEnum

from catalog.changes.finding import Level

WAITS = (
    *(timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30)),
    *(timedelta(hours=2), timedelta(hours=5), timedelta(hours=10)),
    *(timedelta(days=1), timedelta(days=1)),
)
"""The waits between attempts, as in Standard Webhooks: 2.5 days in all."""
JITTER = 0.1
LONGEST_RETRY_AFTER = 86400.0
"""The maximum pause in seconds."""
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


class Digest(StrEnum):
    """The frequency of messages to a channel."""

    AT_ONCE = "at_once"
    HOURLY = "hourly"
    DAILY = "daily"


@dataclass(frozen=True, slots=True)
class Quiet:
    """The daily quiet hours from `begin` to `end`, also over midnight."""

    begin: time
    end: time

    @classmethod
    def read(cls, text: str) -> "Quiet":
        """Parse `22:00-07:00`, or raise ValueError."""
        begin, _, end = text.partition("-")
        try:
            quiet = cls(read_clock(begin), read_clock(end))
        except ValueError:
            raise ValueError("hours such as 22:00-07:00 are expected") from None
        if quiet.begin == quiet.end:
            raise ValueError("quiet hours that begin and end at the same time never end")
        return quiet

    def ending(self, local: datetime) -> datetime:
        """Return the end of the current quiet hours, or the given time."""
        while self._covers(local.time()):
            local = _next(self.end, local, twice=True)
        return local

    def _covers(self, clock: time) -> bool:
        if self.begin < self.end:
            return self.begin <= clock < self.end
        return clock >= self.begin or clock < self.end


@dataclass(frozen=True, slots=True)
class Timing:
    """The sending times of a channel.

    `daily_at` and `quiet` are times of day in `zone`. Breaking findings ignore quiet hours unless
    `breaking_waits`, and always ignore digests.
    """

    digest: Digest = Digest.AT_ONCE
    daily_at: time = time(8)
    quiet: Quiet | None = None
    zone: tzinfo = UTC
    breaking_waits: bool = False

    def due(self, at: datetime, levels: Iterable[Level]) -> datetime:
        """Return the earliest sending time of a message, in UTC."""
        known = {*levels}
        moment = at if Level.BREAKING in known else self._next_digest(at)
        return max(at, self.awake(moment, known))

    def awake(self, moment: datetime, levels: Iterable[Level]) -> datetime:
        """Return the first time outside of quiet hours, in UTC."""
        if self.quiet is None or (Level.BREAKING in levels and not self.breaking_waits):
            return moment.astimezone(UTC)
        return self.quiet.ending(moment.astimezone(self.zone)).astimezone(UTC)

    def _next_digest(self, at: datetime) -> datetime:
        if self.digest is Digest.AT_ONCE:
            return at
        if self.digest is Digest.HOURLY:
            return at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        return _next(self.daily_at, at.astimezone(self.zone), twice=False)


def _next(clock: time, local: datetime, *, twice: bool) -> datetime:
    """Return the next time after `local` when clocks show `clock`.

    A time that a clock change skips is delayed by the length of the change. If clocks show a time
    twice in one day, the second one counts only with `twice`.
    """
    # Clock changes can move a time to the next day, and can skip a whole day.
    days = (local.date() + timedelta(days=number) for number in range(-1, 3))
    shown = [_shown(datetime.combine(day, clock, local.tzinfo)) for day in days]
    moments = (moment for of_day in shown for moment in (of_day if twice else of_day[:1]))
    return min(moment for moment in moments if moment > local).astimezone(local.tzinfo)


def _shown(there: datetime) -> list[datetime]:
    """Return when clocks show a local time, in UTC.

    There are two times when clocks go back.
    """
    written = there.replace(tzinfo=None)
    moments = {there.replace(fold=fold).astimezone(UTC) for fold in (0, 1)}
    return sorted(
        moment
        for moment in moments
        if moment.astimezone(there.tzinfo).replace(tzinfo=None) >= written
    )


def read_clock(text: str) -> time:
    """Parse a time of day such as `08:00`, or raise ValueError."""
    match = _CLOCK.fullmatch(text.strip())
    if match is None:
        raise ValueError("a time of day such as 08:00 is expected")
    return time(int(match[1]), int(match[2]))


def next_attempt(
    attempts: int, now: datetime, retry_after: float | None, chance: float
) -> datetime | None:
    """Return the time of the next attempt, None to give up.

    `chance` from 0 to 1 changes the wait by -10 % to 10 %. `retry_after` is the pause that the
    receiver asks for, in seconds. It is limited to a day.
    """
    if attempts > len(WAITS):
        return None
    wait = WAITS[attempts - 1] * (1 - JITTER + 2 * JITTER * chance)
    pause = timedelta(seconds=min(retry_after or 0.0, LONGEST_RETRY_AFTER))
    return now + max(wait, pause)
