"""The headers of a model that ends."""

from dataclasses import replace
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime

import pytest

from catalog.api.values import ModelDetails
from catalog.changes.change import Basis
from catalog.changes.forecast import Forecast
from catalog.web.deprecation import deprecation_headers
from tests.support.builders import AT, model

GONE = datetime(2026, 5, 20, 15, tzinfo=UTC)
DETAILS = ModelDetails("own", 1, model(), first_seen=AT, unchanged_since=GONE, gone_since=GONE)


def _times(until: date, basis: Basis) -> tuple[datetime, datetime]:
    """Return the times of Deprecation and Sunset."""
    end = Forecast(until, basis, "a reason")
    headers = dict(deprecation_headers(replace(DETAILS, end=end)))
    since = datetime.fromtimestamp(int(headers["Deprecation"].removeprefix("@")), UTC)
    return since, parsedate_to_datetime(headers["Sunset"])


@pytest.mark.parametrize(("basis", "sunset"), [("policy", 21), ("announced", 21), ("proved", 20)])
def test_calls_may_fail_from_the_sunset_on(basis: Basis, sunset: int) -> None:
    """A proved end is the first day of refusals, the others are the last day of calls."""
    assert _times(date(2026, 5, 20), basis)[1] == datetime(2026, 5, sunset, tzinfo=UTC)


@pytest.mark.parametrize("basis", ["policy", "announced", "proved"])
def test_no_model_is_deprecated_after_its_sunset(basis: Basis) -> None:
    """RFC 9745 forbids it. An end can become known on its day, or later."""
    for day in (date(2026, 5, 20), date(2026, 5, 1)):
        since, sunset = _times(day, basis)
        assert since <= sunset


def test_an_end_on_the_last_day_of_time_has_headers() -> None:
    """A provider can name any day."""
    assert _times(date.max, "announced")[1].year == date.max.year
