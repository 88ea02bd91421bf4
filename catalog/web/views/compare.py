"""Compare two moments: the page `/compare`."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from catalog.api.compare import compare
from catalog.api.reads import read_gone
from catalog.api.when import When
from catalog.changes.finding import Finding
from catalog.config.build import wire_provider
from catalog.config.settings import Settings
from catalog.core.errors import NotFound
from catalog.core.snapshot import Snapshot
from catalog.report.json_output import finding_json, snapshot_json
from catalog.report.markdown import table, text
from catalog.report.sentences import sentence
from catalog.web.paging import Part, part_of
from catalog.web.query import Query
from catalog.web.reader import Reading

DEFAULT = "7d"
"""The moment to compare from, if the reader has not looked before."""
FILTERS = ("provider", "limit")
"""The names in a query that select differences, besides the moments."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The differences of one provider between two snapshots, most severe first.

    `before` is None if there was no snapshot at the first moment. `findings` are those of one
    page, and `total` counts all.
    """

    provider: str
    before: Snapshot | None
    after: Snapshot
    findings: tuple[Finding, ...]
    total: int


@dataclass(frozen=True, slots=True)
class CompareView:
    """One page of the differences. `since` and `until` are the moments as written."""

    since: str
    until: str
    comparisons: tuple[Comparison, ...]
    without: tuple[str, ...]
    part: Part
    filters: dict[str, str]


def read_comparison(reading: Reading, query: Query) -> CompareView:
    """Return the differences between the moments `from` and `to`."""
    since, until = query.when("from") or _ago(reading), query.when("to")
    found, without = list[Comparison](), []
    for settings in reading.selected(query.text("provider")):
        try:
            found.append(_compare(reading, settings, since, until))
        except NotFound:
            without.append(settings.one.name)
    part = part_of(query, sum(each.total for each in found))
    cuts = zip(found, part.cut(each.findings for each in found), strict=True)
    moments = {"from": query.text("from") or DEFAULT, "to": query.text("to") or "now"}
    return CompareView(
        since=moments["from"],
        until=moments["to"],
        comparisons=tuple(replace(each, findings=tuple(some)) for each, some in cuts),
        without=tuple(without),
        part=part,
        filters=moments | query.chosen(FILTERS),
    )


def comparison_json(view: CompareView, _reading: Reading) -> dict[str, Any]:
    """Return one page of the differences of each provider as JSON."""
    comparisons = [
        {
            "provider": each.provider,
            "before": None if each.before is None else snapshot_json(each.before),
            "after": snapshot_json(each.after),
            "changes": [finding_json(finding) for finding in each.findings],
        }
        for each in view.comparisons
    ]
    moments = {"from": view.since, "to": view.until}
    return {**moments, "comparisons": comparisons, **view.part.next_json()}


def comparison_markdown(view: CompareView) -> str:
    """Return the differences as a Markdown table."""
    rows = [
        [text(each.provider), str(finding.level), finding.rule, text(sentence(finding))]
        for each in view.comparisons
        for finding in each.findings
    ]
    return table(("Provider", "Level", "Rule", "Change"), rows)


def _ago(reading: Reading) -> When:
    moment = Query({"from": DEFAULT}, reading.now).when("from")
    return reading.now if moment is None else moment


def _compare(
    reading: Reading, settings: Settings, since: When, until: datetime | int | None
) -> Comparison:
    name = settings.one.name
    after = reading.snapshot(settings, until)
    try:
        before = reading.snapshot(settings, since)
    except NotFound:
        return Comparison(name, None, after, (), 0)
    found = _judged(reading, settings, before, after)
    return Comparison(name, before, after, found, len(found))


def _judged(
    reading: Reading, settings: Settings, before: Snapshot, after: Snapshot
) -> tuple[Finding, ...]:
    """Return the differences. The last ones are kept for their other pages and twins."""
    name, numbers = settings.one.name, (before.number, after.number)
    last = reading.keep(("comparison", name), dict[tuple[int | None, int | None], Any])
    found: tuple[Finding, ...] | None = last.get(numbers)
    if found is None:
        gone = {} if after.number is None else read_gone(reading.connection, name, after.number)
        found = compare(before, after, wire_provider(settings.one), settings.rules, gone)
        last.clear()
        last[numbers] = found
    return found
