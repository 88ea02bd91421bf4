"""Ends that a provider's list states: which values are a day."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.changes.announced import Announced, announcements, day_of, silent, states_a_day
from catalog.core.strict_json import Json
from tests.support.builders import model

FIFTH = date(2026, 12, 5)


@pytest.mark.parametrize(
    "value",
    [
        "2026-12-05",
        "2026-12-5",
        " 2026-12-05 ",
        "2026-12-05T12:00:00Z",
        "2026-12-05 12:00:00",
        "2026-12-05 12:00:00 UTC",
        "2026-12-05T23:00:00-00:30",
        "2026-12-06T01:00:00+02:00",
        1796428800,
        1796428800.5,
        "1796428800",
        1796428800000,
        {"year": 2026, "month": 12, "day": 5},
        {"year": "2026", "month": "12", "day": "5"},
    ],
)
def test_a_day_in_any_form(value: Json) -> None:
    """ISO dates and times, seconds since 1970 and parts of a date give the day in UTC."""
    assert day_of(value) == FIFTH
    assert states_a_day(value)


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        {},
        0,
        "2098-12-31",
        "9999-12-31T23:59:59-12:00",
        "0001-01-01T00:00:00Z",
        {"year": 9999, "month": 1, "day": 1},
        4070908800,
    ],
)
def test_sentinels_mean_no_end(value: Json) -> None:
    """Null, epoch 0, 2098-12-31 and later days mean that there is no end."""
    assert day_of(value) is None
    assert states_a_day(value)


@pytest.mark.parametrize(
    "value",
    [
        True,
        False,
        "soon",
        "2026-13-05",
        "26",
        "2026-12-05x",
        10**30,
        float("inf"),
        float("nan"),
        {"year": 2026},
        {"year": 2026, "month": [], "day": 1},
        ["2026-12-05"],
    ],
)
def test_other_values_are_no_end(value: Json) -> None:
    """A boolean, another text or a list states no day, and none fails."""
    assert day_of(value) is None
    assert not states_a_day(value)


@given(st.dates(date(2000, 1, 1), date(2098, 12, 30)))
def test_every_spelling_of_a_day_is_that_day(day: date) -> None:
    """A day is read back from its ISO text, its parts and its seconds."""
    seconds = (day - date(1970, 1, 1)).days * 86400
    parts = {"year": day.year, "month": day.month, "day": day.day}
    assert {day_of(each) for each in (day.isoformat(), parts)} == {day}
    assert day_of(seconds) == day


def test_announcements_are_found_by_key() -> None:
    """Models of which the list says nothing are left out."""
    said = Announced(model("2"), FIFTH, None, "the provider's field")
    reads = {"1": None, "2": said}
    found = announcements([model("1"), model("2")], lambda each: reads[each.key])
    assert found == {"2": said}
    assert announcements([model("1")], silent) == {}
