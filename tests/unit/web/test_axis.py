from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.web.axis import Axis

START = datetime(2025, 3, 10, 9, tzinfo=UTC)
DAY = timedelta(days=1)


def _labels(days: float) -> list[str]:
    return [tick.label for tick in Axis(START, START + days * DAY, 0, 100).ticks()]


@pytest.mark.parametrize(
    ("days", "labels"),
    [
        (1, ["Mar 11 2025"]),
        (5, ["Mar 11 2025", "Mar 12", "Mar 13", "Mar 14", "Mar 15"]),
        (40, ["Mar 17 2025", "Mar 24", "Mar 31", "Apr 7", "Apr 14"]),
        (200, ["Apr 2025", "May", "Jun", "Jul", "Aug", "Sep"]),
        (500, ["May 2025", "Jul", "Sep", "Nov", "2026", "Mar", "May", "Jul"]),
        (1000, ["Jul 2025", "2026", "Jul", "2027", "Jul"]),
        (3650, ["2026", "2028", "2030", "2032", "2034"]),
        (36500, ["2040", "2060", "2080", "2100", "2120"]),
    ],
)
def test_ticks_fit_the_span(days: float, labels: list[str]) -> None:
    """Days, months or years, and the first label has the year."""
    assert _labels(days) == labels


def test_a_moment_outside_is_at_the_edge() -> None:
    """Nothing is drawn outside of the plot."""
    axis = Axis(START, START + 10 * DAY, 100, 200)
    moments = [START + days * DAY for days in (-1, 0, 5, 10, 11)]
    assert [axis.x(moment) for moment in moments] == [100, 100, 150, 200, 200]


def test_years_are_marked() -> None:
    """The first day of a year is a tick of its own kind."""
    ticks = Axis(START, START + 500 * DAY, 0, 100).ticks()
    assert [tick.label for tick in ticks if tick.is_year] == ["2026"]


@given(st.floats(0.01, 40_000))
def test_ticks_are_few_and_in_order(days: float) -> None:
    """Any span has at most ten ticks, from left to right."""
    ticks = Axis(START, START + days * DAY, 0, 700).ticks()
    places = [tick.x for tick in ticks]
    assert len(places) <= 10
    assert places == sorted(set(places))
