"""Read and format times: UTC, whole seconds, `2025-11-26T14:07:15Z`."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
_WRITTEN = re.compile(
    r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})"
    r"(?:[T ] *([0-9][0-9:.,]*))?"
    r"(?: *(Z|UTC|GMT)| *([+-][0-9:]{2,8})(?: +[A-Z]{2,5})?)?",
    re.IGNORECASE,
)


def now() -> datetime:
    """Return the current time in UTC, without microseconds."""
    return datetime.now(UTC).replace(microsecond=0)


def stamp(moment: datetime) -> str:
    """Return a time as RFC 3339 in UTC with whole seconds."""
    return f"{moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat()}Z"


def read_moment(text: str) -> datetime | None:
    """Parse a date or time, in UTC unless it has a zone.

    Examples are `2025-1-6` and `2025-01-06 08:00 +0700`. The zone may follow a space, and may be a
    number, `Z`, `UTC` or `GMT`. Return it in UTC, or None for another text.
    """
    written = _WRITTEN.fullmatch(text.strip())
    if written is not None:
        year, month, day, clock, _, offset = written.groups()
        text = f"{year}-{int(month):02}-{int(day):02}T{clock or '00:00'}{offset or ''}"
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
