"""Report bad rows of accepted answers, and their recovery."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from catalog.core.payload import Drift, Refused

NAMELESS = ""
"""The key of rows whose key cannot be read."""


@dataclass(frozen=True, slots=True)
class BadRowReports:
    """The rows that are reported as refused: their names by key.

    `recovered` holds the time of the last report that the row of a key is readable again.
    """

    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    recovered: Mapping[str, datetime] = field(default_factory=dict)

    @property
    def counts(self) -> Mapping[str, int]:
        """Return the number of rows by key."""
        return {key: len(names) for key, names in self.names.items()}


def bad_row_reports(reports: Iterable[tuple[Drift, datetime]]) -> BadRowReports:
    """Return the state after all reports, oldest first."""
    names: dict[str, tuple[str, ...]] = {}
    recovered: dict[str, datetime] = {}
    for drift, at in reports:
        for key, name in zip(drift.keys, drift.models, strict=True):
            if drift.what == "row refused":
                names[key] = (*names.get(key, ()), name)
            else:
                recovered[key] = at
                names[key] = names.get(key, ())[:-1]
    return BadRowReports({key: each for key, each in names.items() if each}, recovered)


def row_news(
    place: str,
    refused: Sequence[Refused],
    known: BadRowReports,
    at: datetime,
    apart: timedelta,
) -> tuple[Drift, ...]:
    """Return the reports of newly refused rows, and of rows readable again.

    `place` is the path of the rows. A row that changes back and forth is reported as readable once
    within `apart`, so that not every poll reports it.
    """
    now: dict[str, list[Refused]] = {}
    for each in refused:
        now.setdefault(each.key or NAMELESS, []).append(each)
    counts = known.counts
    new = [each for key, rows in now.items() for each in rows[counts.get(key, 0) :]]
    ended = [
        (key, name)
        for key, names in known.names.items()
        for name in names[len(now.get(key, ())) :]
        if not _was_recent(known.recovered.get(key), at, apart)
    ]
    return tuple(_refused(place, new)) + tuple(_recovered(place, ended))


def _was_recent(recovered: datetime | None, at: datetime, apart: timedelta) -> bool:
    # A future report is ignored, because the clock was wrong.
    return recovered is not None and recovered <= at < recovered + apart


def _refused(place: str, rows: Sequence[Refused]) -> Iterable[Drift]:
    if rows:
        names = tuple(each.name or each.path for each in rows)
        keys = tuple(each.key or NAMELESS for each in rows)
        problems = tuple(str(each.problem) for each in rows)
        yield Drift("row refused", place, None, names, keys, problems)


def _recovered(place: str, rows: Sequence[tuple[str, str]]) -> Iterable[Drift]:
    if rows:
        keys, names = zip(*rows, strict=True)
        yield Drift("row recovered", place, None, names, keys)
