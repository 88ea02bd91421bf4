from datetime import UTC, datetime

import pytest

from catalog.api.when import Edge, When, read_when

NOW = datetime(2026, 3, 10, 8, 30, tzinfo=UTC)


def utc(*parts: int) -> datetime:
    """Write a moment in UTC, from the year on. Missing parts of the time are 0."""
    year, month, day, hour, minute, second = (*parts, 0, 0, 0)[:6]
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "edge", "when"),
    [
        ("now", "end", NOW),
        (" now ", "end", NOW),
        ("yesterday", "start", utc(2026, 3, 9)),
        ("yesterday", "end", utc(2026, 3, 9, 23, 59, 59)),
        ("7d", "end", utc(2026, 3, 3, 8, 30)),
        ("90m", "end", utc(2026, 3, 10, 7)),
        ("24h", "start", utc(2026, 3, 9, 8, 30)),
        ("2w", "end", utc(2026, 2, 24, 8, 30)),
        ("3", "end", 3),
        ("#12", "start", 12),
        ("20251223", "end", 20251223),
        ("2025-12-23", "start", utc(2025, 12, 23)),
        ("2025-12-23", "end", utc(2025, 12, 23, 23, 59, 59)),
        ("2025-W52-2", "start", utc(2025, 12, 23)),
        ("2025-12-23T10:16:55Z", "end", utc(2025, 12, 23, 10, 16, 55)),
        ("2025-12-23T10:16:55", "end", utc(2025, 12, 23, 10, 16, 55)),
        ("2025-12-23 12:16+02:00", "start", utc(2025, 12, 23, 10, 16)),
    ],
)
def test_moments_are_read_as_people_type_them(text: str, edge: Edge, when: When) -> None:
    """Words, spans, numbers, days and times each give one moment in UTC, or a snapshot number."""
    assert read_when(text, NOW, edge) == when


@pytest.mark.parametrize(
    "text",
    ["", "tomorrow", "2025-02-30", "2025-12", "-1", "1234567890", "0001-01-01T00:00+14:00", "7y"],
)
def test_what_is_no_moment_is_told_with_what_would_be(text: str) -> None:
    """Anything else is refused, with the ways to write one."""
    with pytest.raises(ValueError, match="is not a time; write 2025-12-23, ") as caught:
        read_when(text, NOW)
    assert "the number of a snapshot" in str(caught.value)
