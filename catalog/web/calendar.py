"""Write the ends of models as all-day events (RFC 5545).

An event keeps its UID for ever. If its day moves or it is withdrawn, SEQUENCE grows, so that
calendars follow (RFC 5546, section 2.1.4). No property follows the clock.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final
from uuid import NAMESPACE_URL, uuid5

import icalendar

from catalog.api.endings import Ending
from catalog.changes.change import (
    Basis,
    Cancelled,
    Removed,
    Renamed,
    Restored,
    Retiring,
)
from catalog.changes.finding import Finding
from catalog.core.strict_json import cut
from catalog.core.text import VALUE_LIMIT, one_line
from catalog.report.ends import until
from catalog.report.sentences import best

CALENDAR_TYPE: Final = "text/calendar; charset=utf-8"
"""The media type of a calendar (RFC 5545, section 8.1)."""
KINDS: Final = ("removed", "renamed", "restored", "retiring", "cancelled")
"""The kinds of changes that `end_events` reads. Others can be left out of its findings."""
REFRESH: Final = timedelta(hours=1)
_OfEnds = Removed | Renamed | Restored | Retiring | Cancelled
_PRODUCT: Final = "-//model-catalog//Ends of models//EN"
_IDS: Final = uuid5(NAMESPACE_URL, "urn:model-catalog:calendar")


@dataclass(frozen=True, slots=True)
class Event:
    """The end of one model as an all-day event.

    `changed_at` is the time of the last change of the event. `sequence` counts the moves of the day
    and the withdrawals. `url` is the page of the model.
    """

    provider: str
    key: str
    day: date
    summary: str
    description: str
    changed_at: datetime
    sequence: int = 0
    cancelled: bool = False
    url: str | None = None

    @property
    def uid(self) -> str:
        """Return the id of the event, a UUID as RFC 7986 recommends."""
        return str(uuid5(_IDS, json.dumps([self.provider, self.key])))


def calendar(events: Iterable[Event]) -> bytes:
    """Return a calendar of events in their order."""
    whole = icalendar.Calendar()
    whole.add("prodid", _PRODUCT)  # required, as is VERSION: RFC 5545, section 3.6
    whole.add("version", "2.0")
    whole.add("calscale", "GREGORIAN")
    for name in ("name", "x-wr-calname"):  # RFC 7986, 5.1, and the name that older clients read
        whole.add(name, "Ends of models")
    whole.add("refresh-interval", REFRESH, {"VALUE": "DURATION"})  # RFC 7986, section 5.7
    whole.add("x-published-ttl", icalendar.vDuration(REFRESH))  # the same for Outlook
    for event in events:
        whole.add_component(_component(event))
    written: bytes = whole.to_ical()
    return written


def end_events(
    findings: Iterable[Finding], endings: Iterable[Ending], as_of: datetime
) -> tuple[Event, ...]:
    """Return an event for every known or former end, by day.

    `findings` are all of these providers with a change in KINDS, oldest first, because the sequence
    counts them. `endings` are the current ends. `as_of` is the time of the current snapshot, and
    dates an end that no finding reports yet.
    """
    ends: dict[tuple[str, str], _End] = {}
    for finding in findings:
        for change in finding.changes:
            if isinstance(change, _OfEnds):
                at = finding.provider, _key(change)
                end = _after(ends.get(at), change, finding)
                ends |= {} if end is None else {at: end}
    instead: dict[tuple[str, str], str | None] = {}
    for ending in endings:
        at, model = (ending.provider, ending.end.model.key), ending.end.model
        expected = ending.end.forecast
        now = _End(model.name, expected.until, expected.basis, expected.ground, as_of)
        ends[at] = _moved(ends.get(at), now)
        instead[at] = best(ending.successors)
    events = (_event(*at, end, instead.get(at)) for at, end in ends.items())
    return tuple(sorted(events, key=lambda event: (event.day, event.provider, event.key)))


@dataclass(frozen=True, slots=True)
class _End:
    """The known facts about the end of one model."""

    name: str
    day: date
    basis: Basis | None
    ground: str
    changed_at: datetime
    sequence: int = 0
    cancelled: bool = False


def _key(change: _OfEnds) -> str:
    return change.key if isinstance(change, Retiring | Cancelled) else change.model.key


def _after(before: _End | None, change: _OfEnds, finding: Finding) -> _End | None:
    """Return the end after a change, None if the model has none."""
    match change:
        case Retiring():
            day, name = change.until, change.name
            now = _End(name, day, change.basis, change.ground, finding.at)
            return _moved(before, now)
        case Removed() | Renamed() if finding.callable_until is not None:
            day, name = finding.callable_until, change.model.name
            return _moved(before, _End(name, day, finding.basis, str(finding.ground), finding.at))
        case Cancelled():
            return _withdrawn(before, finding.at)
        case Restored() if before is not None and before.basis != "announced":
            # An announced end stays, because the list may still announce it.
            return _withdrawn(before, finding.at)
    return before


def _moved(before: _End | None, now: _End) -> _End:
    """Return the present end. A reminder of the same end changes nothing."""
    if before is None:
        return now
    is_other = before.cancelled or before.day != now.day
    now = replace(now, sequence=before.sequence + is_other)
    return before if replace(now, changed_at=before.changed_at) == before else now


def _withdrawn(before: _End | None, at: datetime) -> _End | None:
    if before is None or before.cancelled:
        return before
    return replace(before, cancelled=True, sequence=before.sequence + 1, changed_at=at)


def _event(provider: str, key: str, end: _End, instead: str | None) -> Event:
    name = cut(end.name, VALUE_LIMIT)
    does = "is refused" if end.basis == "proved" else "ends"
    if end.cancelled:
        does = "no longer ends"
    return Event(
        provider=provider,
        key=key,
        day=end.day,
        summary=one_line(f"{name} {does} ({provider})"),
        description="\n".join(map(one_line, _lines(end, instead))),
        changed_at=end.changed_at,
        sequence=end.sequence,
        cancelled=end.cancelled,
    )


def _lines(end: _End, instead: str | None) -> Iterator[str]:
    if end.cancelled:
        yield f"The end on {end.day} is withdrawn."
        return
    words = until(end.day, end.basis, end.ground)
    yield f"{words[:1].upper()}{words[1:]}."
    if instead is not None:
        yield f"Instead: {instead}."


def _component(event: Event) -> icalendar.Event:
    one = icalendar.Event()
    one.add("uid", event.uid)
    one.add("dtstamp", event.changed_at)  # without METHOD, the time of its last change: 3.8.7.2
    one.add("last-modified", event.changed_at)
    one.add("sequence", event.sequence)
    one.add("dtstart", event.day)  # VALUE=DATE
    if event.day < date.max:  # without DTEND, it is one day too: section 3.6.1
        one.add("dtend", event.day + timedelta(days=1))
    one.add("transp", "TRANSPARENT")  # because it keeps no time busy
    one.add("status", "CANCELLED" if event.cancelled else "CONFIRMED")
    one.add("summary", event.summary)
    one.add("description", event.description)
    one.add("categories", [event.provider])
    if event.url is not None:
        one.add("url", event.url)
    return one
