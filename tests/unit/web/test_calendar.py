from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import icalendar
import pytest

from catalog.api.endings import Ending
from catalog.changes.change import Added, Cancelled, Removed, Renamed, Restored, Retiring
from catalog.changes.finding import Finding
from catalog.changes.forecast import End, Forecast
from catalog.changes.successors import Successor
from catalog.web.calendar import Event, calendar, end_events
from tests.support.builders import AT, finding, model

DAY = date(2026, 1, 22)
LATER = DAY + timedelta(days=30)
HOUR = timedelta(hours=1)
POLICY: dict[str, Any] = {"callable_until": DAY, "basis": "policy", "ground": "30 days"}


def _retiring(until: date = DAY, hours: int = 0, **rest: Any) -> Finding:
    change = Retiring("1", "alpha", "llm", until, "announced", "a mail")
    return finding(replace(change, **rest), at=AT + hours * HOUR)


def _ending(until: date = DAY, basis: Any = "announced", *instead: str) -> Ending:
    found = tuple(Successor(name, is_noted=True, is_listed=True) for name in instead)
    return Ending("infomaniak", End(model(), None, Forecast(until, basis, "a mail")), found)


def _events(*findings: Finding, endings: tuple[Ending, ...] = ()) -> tuple[Event, ...]:
    return end_events(findings, endings, AT + 100 * HOUR)


def _event(*findings: Finding, endings: tuple[Ending, ...] = ()) -> Event:
    (event,) = _events(*findings, endings=endings)
    return event


def _read(*events: Event) -> list[Any]:
    document = calendar(events)
    assert all(len(line) <= 75 for line in document.split(b"\r\n"))
    read: Any = icalendar.Calendar.from_ical(document)
    assert read.errors == []
    return list(read.walk("VEVENT"))


def test_a_reader_of_calendars_shows_an_end_on_its_day() -> None:
    """The event covers the whole day, blocks no time, and says when and why."""
    (event,) = _read(_event(_retiring(), endings=(_ending(DAY, "announced", "beta"),)))
    assert event["DTSTART"].dt == DAY
    assert event["DTSTART"].params["VALUE"] == "DATE"
    assert event["DTEND"].dt == DAY + timedelta(days=1)
    assert event["SUMMARY"] == "alpha ends (infomaniak)"
    assert event["DESCRIPTION"] == "Announced to end on 2026-01-22 (a mail).\nInstead: beta."
    assert (event["TRANSP"], event["STATUS"], event["SEQUENCE"]) == ("TRANSPARENT", "CONFIRMED", 0)
    assert event["CATEGORIES"].cats == ["infomaniak"]


def test_the_calendar_says_how_often_to_read_it() -> None:
    """Both names of the interval, and the name of the calendar, are there."""
    lines = calendar([]).decode().split("\r\n")
    assert "REFRESH-INTERVAL;VALUE=DURATION:PT1H" in lines
    assert "X-PUBLISHED-TTL:PT1H" in lines
    assert "NAME:Ends of models" in lines
    assert "PRODID:-//model-catalog//Ends of models//EN" in lines


def test_an_end_that_moves_is_the_same_event_with_a_higher_sequence() -> None:
    """UID stays, the day and SEQUENCE follow, DTSTAMP is the time of the move."""
    (before,) = _read(_event(_retiring()))
    (after,) = _read(_event(_retiring(), _retiring(LATER, 5)))
    assert before["UID"] == after["UID"]
    assert (before["SEQUENCE"], after["SEQUENCE"]) == (0, 1)
    assert after["DTSTART"].dt == LATER
    assert before["DTSTAMP"].dt == AT
    assert after["DTSTAMP"].dt == AT + 5 * HOUR


def test_a_reminder_of_the_same_end_changes_nothing() -> None:
    """Another report of the same day gives the same bytes."""
    once, twice = _event(_retiring()), _event(_retiring(), _retiring(hours=9, mark=7))
    assert calendar([once]) == calendar([twice])


def test_a_withdrawn_end_is_cancelled_and_can_come_back() -> None:
    """STATUS is cancelled and SEQUENCE grows, and a second withdrawal changes nothing."""
    cancelled = finding(Cancelled("1", "alpha", "llm", DAY), at=AT + HOUR)
    (gone,) = _read(_event(_retiring(), cancelled, replace(cancelled, at=AT + 2 * HOUR)))
    assert (gone["STATUS"], gone["SEQUENCE"]) == ("CANCELLED", 1)
    assert gone["SUMMARY"] == "alpha no longer ends (infomaniak)"
    assert gone["DESCRIPTION"] == "The end on 2026-01-22 is withdrawn."
    assert gone["DTSTAMP"].dt == AT + HOUR
    (back,) = _read(_event(_retiring(), cancelled, _retiring(hours=3)))
    assert (back["STATUS"], back["SEQUENCE"]) == ("CONFIRMED", 2)


@pytest.mark.parametrize("change", [Removed(model()), Renamed(model(), "2", "beta")])
def test_a_removed_or_renamed_model_ends_by_policy(change: Removed | Renamed) -> None:
    """The day is that of the finding, and a restored model no longer ends."""
    removed = finding(change, **POLICY)
    event = _event(removed)
    assert (event.day, event.key, event.cancelled) == (DAY, "1", False)
    assert event.description == "Callable until at least 2026-01-22 (30 days)."
    assert _event(removed, finding(Restored(model(), AT), at=AT + HOUR)).cancelled


def test_a_restored_model_keeps_an_announced_end() -> None:
    """That it is listed again withdraws no announcement."""
    event = _event(_retiring(), finding(Restored(model(), AT), at=AT + HOUR))
    assert (event.cancelled, event.sequence) == (False, 0)


def test_changes_without_an_end_make_no_event() -> None:
    """Models that came, left without a promised day, or had no end, are not in the calendar."""
    without = (
        finding(Added(model())),
        finding(Removed(model())),
        finding(Restored(model(), AT)),
        finding(Cancelled("1", "alpha", "llm", DAY)),
    )
    assert _events(*without) == ()


def test_a_present_end_counts_before_a_report_of_it() -> None:
    """An end that is noted but not reported yet is dated by the current snapshot."""
    fresh = _event(endings=(_ending(),))
    assert (fresh.day, fresh.sequence, fresh.changed_at) == (DAY, 0, AT + 100 * HOUR)
    moved = _event(_retiring(), endings=(_ending(LATER),))
    assert (moved.day, moved.sequence) == (LATER, 1)


def test_a_proved_end_says_that_calls_are_refused() -> None:
    """The title of the event does not promise calls."""
    event = _event(_retiring(basis="proved", ground="refused by chat"))
    assert event.summary == "alpha is refused (infomaniak)"
    assert event.description == "Refused by chat."


def test_models_of_several_providers_are_ordered_by_day() -> None:
    """The same key of two providers is two events."""
    other = replace(_retiring(LATER), provider="another")
    events = _events(other, _retiring())
    assert [event.provider for event in events] == ["infomaniak", "another"]
    assert len({event.uid for event in events}) == 2


def test_the_uid_is_the_same_for_ever() -> None:
    """The id of an event is a fixed text, so that a new version makes no second event."""
    assert _event(_retiring()).uid == "874f86e3-af81-5e26-bf72-80c36a87b530"


@pytest.mark.parametrize(
    "name",
    [
        "a\r\nEND:VEVENT\r\nBEGIN:VALARM",
        'a;b,c\\d:e"f',
        "\x00\x07\ud800\ufffe\u2028",
        "long name " * 1_000,
    ],
)
def test_hostile_names_cannot_add_lines(name: str) -> None:
    """A name with line breaks and separators is one text, and the event can be read."""
    event = _event(_retiring(name=name, ground=name))
    (read,) = _read(replace(event, url="https://x.example/models/a%3Bb,c"))
    assert read["SUMMARY"].endswith("ends (infomaniak)")
    assert len(read["SUMMARY"]) < 200
    assert read.subcomponents == []
    assert read["URL"] == "https://x.example/models/a%3Bb,c"


def test_the_last_day_of_time_is_an_end_too() -> None:
    """The day after it cannot be written, and need not be."""
    (event,) = _read(_event(_retiring(date.max)))
    assert event["DTSTART"].dt == date.max
    assert "DTEND" not in event
