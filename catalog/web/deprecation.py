"""Write the headers of a model that ends.

Sunset is that of RFC 8594, and Deprecation that of RFC 9745.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from email.utils import format_datetime

from catalog.api.values import ModelDetails
from catalog.changes.change import Retiring


def deprecation_headers(details: ModelDetails) -> Iterator[tuple[str, str]]:
    """Yield the headers of a model, none without an end.

    Sunset is the first moment at which calls may fail. Deprecation is when the end became known.
    """
    if details.end is None:
        return
    # A proved end is the first day of refusals. The others are the last day of calls.
    is_first = details.end.basis == "proved" or details.end.until == date.max
    after = timedelta() if is_first else timedelta(days=1)
    sunset = datetime.combine(details.end.until, time.min, UTC) + after
    yield "Sunset", format_datetime(sunset, usegmt=True)
    known = min(_known_since(details), sunset)  # because RFC 9745 wants it not after the sunset
    yield "Deprecation", f"@{int(known.timestamp())}"


def _known_since(details: ModelDetails) -> datetime:
    reports = [
        finding.at
        for finding in details.findings
        if any(isinstance(change, Retiring) for change in finding.changes)
    ]
    known = [each for each in (details.gone_since, *reports) if each is not None]
    return min(known, default=details.unchanged_since)
