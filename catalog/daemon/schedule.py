"""Compute due times by interval or cron expression, in UTC.

A schedule divides time into slots. Processes with the same schedule agree on the slots without
communication, independent of their start.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cronsim import CronSim, CronSimError

from catalog.core.errors import SettingsInvalid

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ALIASES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
FIELDS = 5


@dataclass(frozen=True, slots=True)
class Interval:
    """A whole number of seconds, counted from midnight of 1970-01-01."""

    every: timedelta

    def slot(self, now: datetime) -> datetime:
        """Return the latest due time up to `now`."""
        return EPOCH + (now - EPOCH) // self.every * self.every

    def next_after(self, now: datetime) -> datetime:
        """Return the first due time after `now`."""
        return self.slot(now) + self.every

    def __str__(self) -> str:
        return f"every {self.every.total_seconds():,.0f} s"


@dataclass(frozen=True, slots=True)
class Cron:
    """A crontab line of five fields, or a name such as `@daily`.

    Raise SettingsInvalid for an invalid expression or one that never fires.
    """

    expression: str

    def __post_init__(self) -> None:
        text = self._fields
        if len(text.split()) != FIELDS:
            raise SettingsInvalid(
                "a cron expression has five fields, as in `0 6 * * mon-fri`, or is one of "
                f"{', '.join(ALIASES)}"
            )
        try:
            next(CronSim(text, EPOCH))
        except (CronSimError, ValueError) as error:  # ValueError: too many digits
            what = str(error) if isinstance(error, CronSimError) else "Bad number"
            reason = f"{what[0].lower()}{what[1:]}"
            raise SettingsInvalid(
                f"the cron expression is wrong or never fires: {reason}"
            ) from None
        except StopIteration:
            raise SettingsInvalid("the cron expression never fires") from None

    def slot(self, now: datetime) -> datetime:
        """Return the latest due time up to `now`."""
        minute = now.replace(second=0, microsecond=0)
        return next(CronSim(self._fields, minute + MINUTE, reverse=True))

    def next_after(self, now: datetime) -> datetime:
        """Return the first due time after `now`."""
        return next(CronSim(self._fields, now))

    @property
    def _fields(self) -> str:
        text = self.expression.strip()
        return ALIASES.get(text.lower(), text)

    def __str__(self) -> str:
        return f"cron {self.expression.strip()}"


Schedule = Interval | Cron


def spread(schedule: Schedule, now: datetime, jitter: timedelta, share: float) -> datetime:
    """Return the next due time, delayed by a share of the jitter.

    `share` is from 0 to 1. The result is in the first half of its slot, so that no slot is skipped.
    """
    due = schedule.next_after(now)
    room = (schedule.next_after(due) - due) / 2
    return due + min(jitter, room) * share
