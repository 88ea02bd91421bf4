"""When a pass is due: every so long, or as cron would have it. All in UTC.

A schedule divides time into slots. Two processes with the same schedule agree on the slots without
talking to each other, whenever either was started.
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
    """Every so long, counted from the first midnight of 1970; whole seconds."""

    every: timedelta

    def slot(self, now: datetime) -> datetime:
        """Return the latest due moment, which may be `now` itself."""
        return EPOCH + (now - EPOCH) // self.every * self.every

    def next_after(self, now: datetime) -> datetime:
        """Return the first due moment later than `now`."""
        return self.slot(now) + self.every

    def __str__(self) -> str:
        return f"every {self.every.total_seconds():,.0f} s"


@dataclass(frozen=True, slots=True)
class Cron:
    """The five fields of a crontab line, or a name such as `@daily`.

    Raise SettingsInvalid for an expression that cannot be read or that never fires.
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
        except (CronSimError, ValueError) as error:  # ValueError: a number of endless digits
            what = str(error) if isinstance(error, CronSimError) else "Bad number"
            reason = f"{what[0].lower()}{what[1:]}"
            raise SettingsInvalid(
                f"the cron expression is wrong or never fires: {reason}"
            ) from None
        except StopIteration:
            raise SettingsInvalid("the cron expression never fires") from None

    def slot(self, now: datetime) -> datetime:
        """Return the latest due moment, which may be `now` itself."""
        minute = now.replace(second=0, microsecond=0)
        return next(CronSim(self._fields, minute + MINUTE, reverse=True))

    def next_after(self, now: datetime) -> datetime:
        """Return the first due moment later than `now`."""
        return next(CronSim(self._fields, now))

    @property
    def _fields(self) -> str:
        text = self.expression.strip()
        return ALIASES.get(text.lower(), text)

    def __str__(self) -> str:
        return f"cron {self.expression.strip()}"


Schedule = Interval | Cron


def spread(schedule: Schedule, now: datetime, jitter: timedelta, share: float) -> datetime:
    """Return the first due moment later than `now`, put off by this share (0 to 1) of the jitter.

    It stays in the first half of its slot, so that no slot is passed over.
    """
    due = schedule.next_after(now)
    room = (schedule.next_after(due) - due) / 2
    return due + min(jitter, room) * share
