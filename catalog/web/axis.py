"""Place moments on an axis with ticks of days, months or years."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

MOST_TICKS: Final = 9
_MONTHS: Final = (
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
)
_MONTH_STEPS: Final = (1, 2, 3, 6, 12, 24, 60, 120, 240)
_DAY_STEPS: Final = (1, 2, 7, 14)
_BY_DAYS: Final = timedelta(days=100)
"""Shorter axes have ticks of days."""


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of the axis at `x` with its label. `is_year` marks the first day of a year."""

    x: float
    label: str
    is_year: bool


@dataclass(frozen=True, slots=True)
class Axis:
    """A span of time between the positions `left` and `right`. `end` is after `start`."""

    start: datetime
    end: datetime
    left: float
    right: float

    def x(self, moment: datetime) -> float:
        """Return the position of a moment, at most at an edge."""
        share = (moment - self.start) / (self.end - self.start)
        inside = min(max(share, 0.0), 1.0)
        return round(self.left + inside * (self.right - self.left), 1)

    def ticks(self) -> tuple[Tick, ...]:
        """Return at most nine ticks or so. The first one has the year in its label."""
        days = self._days() if self.end - self.start < _BY_DAYS else self._months()
        found: list[Tick] = []
        for day, label in days:
            is_year = (day.month, day.day) == (1, 1)
            words = str(day.year) if is_year else label
            if not found and not is_year:
                words = f"{label} {day.year}"
            found.append(Tick(self.x(_midnight(day)), words, is_year))
        return tuple(found)

    def _months(self) -> Iterator[tuple[date, str]]:
        first, last = _month(self.start), _month(self.end)
        step = next(each for each in _MONTH_STEPS if (last - first) // each < MOST_TICKS)
        for number in range(first - first % step, last + 1, step):
            day = date(number // 12, number % 12 + 1, 1)
            if _midnight(day) >= self.start:
                yield day, _MONTHS[day.month - 1]

    def _days(self) -> Iterator[tuple[date, str]]:
        first, last = self.start.date().toordinal(), self.end.date().toordinal()
        step = next(each for each in _DAY_STEPS if (last - first) // each < MOST_TICKS)
        for number in range(first - (first - 1) % step, last + 1, step):  # weeks from Monday
            day = date.fromordinal(number)
            if _midnight(day) >= self.start:
                yield day, f"{_MONTHS[day.month - 1]} {day.day}"


def _month(moment: datetime) -> int:
    return moment.year * 12 + moment.month - 1


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)
