"""Times in the formats of providers and of this program."""

from datetime import UTC, datetime

import pytest

from catalog.core.clock import read_moment

EIGHT = datetime(2025, 1, 6, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2025-01-06T08:00:00Z",
        "2025-01-06t08:00z",
        " 2025-1-6 08:00 ",
        "2025-01-06 08:00:00 UTC",
        "2025-01-06 08:00:00 gmt",
        "2025-01-06 08:00:00UTC",
        "2025-01-06 15:00:00 +0700",
        "2025-01-06T15:00:00.000+07:00",
        "2025-01-06 15:00:00 +07",
        "2025-01-05 22:30:00 -0930",
        "2025-01-06 08:00:00.000000000 +0000 UTC",
        "2025-01-06 09:00:00 +0100 CET",
        "20250106T080000Z",
        "2025-01-06 -0800",
    ],
)
def test_one_time_in_many_spellings(text: str) -> None:
    """A zone may follow a space, as a word or as a number, and UTC is the default."""
    found = read_moment(text)
    assert found == EIGHT
    assert found.tzinfo is UTC


@pytest.mark.parametrize("text", ["2025-01-06", "2025-1-6", "2025-01-06 UTC", "2025-1-6 +0000"])
def test_a_day_is_its_midnight(text: str) -> None:
    """A day without a time is its midnight."""
    assert read_moment(text) == datetime(2025, 1, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "2025-13-01",
        "2025-01-06 at some time",
        "2025-01-06 08:00 PST",
        "2025-01-06 08:00 ++07",
        "2025-01-06 08:00 +99:99",
        "25-01-06",
        "0001-01-01T00:00:00+14:00",
    ],
)
def test_other_texts_are_not_times(text: str) -> None:
    """Other texts, times outside of the calendar and times in unknown zones give None."""
    assert read_moment(text) is None
