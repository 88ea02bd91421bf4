"""Read what matters now: the page `/`."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from catalog.api.endings import Ending, ending_json, endings
from catalog.changes.finding import Finding, Level
from catalog.changes.forecast import End
from catalog.report.markdown import table, text
from catalog.report.sentences import sentence
from catalog.store.changelog import FindingFilter
from catalog.store.finding_pages import read_page
from catalog.web.grouping import models_of
from catalog.web.query import Query
from catalog.web.reader import Reading
from catalog.web.views.calendar import endings_table
from catalog.web.views.changes import change_json, filters_of
from catalog.web.views.status import StatusView, read_service, service_json

SOON = 30
"""Days ahead that count as soon."""
RECENT = 20
"""Last findings on the page, where those of one day and rule share a line."""
ACTION = timedelta(days=7)
"""Breaking findings this recent need action."""


@dataclass(frozen=True, slots=True)
class OverviewView:
    """The health, what needs action, near ends, and last findings."""

    service: StatusView
    breaking: tuple[Finding, ...]
    endings: tuple[Ending, ...]
    recent: tuple[Finding, ...]

    @property
    def uncovered(self) -> tuple[Finding, ...]:
        """Return the breaking findings that the near ends do not show."""
        known = {(each.provider, each.end.model.key) for each in self.endings}
        return tuple(each for each in self.breaking if not _models(each) or _models(each) - known)


def read_overview(reading: Reading, query: Query) -> OverviewView:
    """Return what needs action, what ends soon, and the last findings."""
    connection = reading.connection
    wanted = filters_of(reading, Query({}, reading.now))
    states = map(reading.state, reading.stored(None))
    soon = endings(states, reading.now, lambda end: _is_soon(end, reading))
    return OverviewView(
        service=read_service(reading, query),
        breaking=read_page(connection, [_breaking(each, reading) for each in wanted], 20).findings,
        endings=soon,
        recent=read_page(connection, wanted, RECENT).findings,
    )


def overview_json(view: OverviewView, reading: Reading) -> dict[str, Any]:
    """Return the page as JSON."""
    return {
        **service_json(view.service, reading),
        "breaking": [change_json(each) for each in view.breaking],
        "forecasts": [ending_json(each, reading.now) for each in view.endings],
        "changes": [change_json(each) for each in view.recent],
    }


def overview_markdown(view: OverviewView) -> str:
    """Return the headline, near ends and the last findings as Markdown."""
    rows = [
        [f"{each.at:%Y-%m-%d}", text(each.provider), str(each.level), text(sentence(each))]
        for each in view.recent
    ]
    parts = [text(view.service.headline)]
    if view.endings:
        parts += [f"## Ends within {SOON} days", endings_table(view.endings)]
    if rows:
        parts += ["## Last changes", table(("Day", "Provider", "Level", "Change"), rows)]
    return "\n\n".join(parts)


def _models(finding: Finding) -> set[tuple[str, str]]:
    return {(finding.provider, key) for key, _ in models_of(finding, None)}


def _breaking(wanted: FindingFilter, reading: Reading) -> FindingFilter:
    return replace(wanted, levels=(Level.BREAKING,), since=reading.now - ACTION)


def _is_soon(end: End, reading: Reading) -> bool:
    return 0 <= end.forecast.days_left(reading.now) <= SOON
