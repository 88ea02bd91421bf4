"""Read recorded findings: the pages `/changes`, `/changes/MONTH` and `/changes/NUMBER`."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from itertools import groupby
from typing import Any

from catalog.api.reads import Place, change_filters, find_places, levels_from
from catalog.changes.finding import Finding
from catalog.changes.rules import Rule, rules
from catalog.core.clock import stamp
from catalog.core.errors import ArgumentInvalid, NotFound
from catalog.report.json_output import finding_json
from catalog.report.markdown import table, text
from catalog.report.sentences import sentence
from catalog.store import history, lookup
from catalog.store.changelog import FindingFilter
from catalog.store.finding_pages import Page, by_numbers, months_with_findings, read_page
from catalog.store.keys import every_key, every_name
from catalog.web.query import Query
from catalog.web.reader import Reading

SIZE = 50
"""Findings on one page."""
LARGEST = 200
"""The most findings of one answer."""
MONTH_SIZE = 500
"""Findings on the page of one month."""

FILTERS = ("provider", "model", "since", "until", "level", "rule", "limit")
"""The names in a query that select findings."""


@dataclass(frozen=True, slots=True)
class ChangesView:
    """Findings that match, newest first. `month` is such as `2026-05` on the page of a month."""

    page: Page
    filters: dict[str, str]
    rules: tuple[Rule, ...]
    providers: tuple[str, ...]
    months: tuple[str, ...]
    month: str | None = None

    @property
    def years(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Return each year with its months, newest first."""
        found = groupby(self.months, key=lambda month: month[:4])
        return tuple((year, tuple(months)) for year, months in found)


@dataclass(frozen=True, slots=True)
class FindingView:
    """One finding with its rule, and the two snapshots that were compared.

    `rule` is None for a rule that this version does not have.
    """

    finding: Finding
    rule: Rule | None
    before: str | None
    after: str | None


def read_changes(reading: Reading, query: Query) -> ChangesView:
    """Return one page of the findings that match."""
    return _view(reading, page_of(reading, query), query.chosen(FILTERS))


def page_of(reading: Reading, query: Query) -> Page:
    """Return the findings that match, from the cursor on."""
    size, before = query.number("limit", SIZE, LARGEST, least=1), query.number("cursor", 0)
    return read_page(reading.connection, filters_of(reading, query), size, before=before)


def read_month(reading: Reading, month: str, size: int = MONTH_SIZE) -> ChangesView:
    """Return the findings of one month, or raise NotFound."""
    try:
        begin = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
        following = begin.replace(year=begin.year + begin.month // 12, month=begin.month % 12 + 1)
    except ValueError:
        raise NotFound(f"there is no page of changes {month!r}") from None
    if month != (one := str(begin.date())[:7]):
        raise NotFound(f"there is no page of changes {month!r}", hint=f"It is {one}.")
    query = Query({"since": stamp(begin), "until": stamp(following)}, reading.now)
    wanted = filters_of(reading, query)
    page = read_page(reading.connection, wanted, size)
    inside = tuple(each for each in page.findings if each.at < following)
    return replace(_view(reading, replace(page, findings=inside), {}), month=month)


def _view(reading: Reading, page: Page, filters: dict[str, str]) -> ChangesView:
    months = reading.keep("months", partial(months_with_findings, reading.connection))
    known = tuple(sorted(rules().values(), key=lambda each: each.id))
    return ChangesView(page, filters, known, reading.providers, months)


def read_finding(reading: Reading, number: int) -> FindingView:
    """Return one finding, or raise NotFound."""
    found = read_findings(reading, (number,))
    if not found:
        raise NotFound(f"there is no change {number}", hint="The page of changes lists them.")
    return found[number]


def read_findings(reading: Reading, numbers: tuple[int, ...]) -> dict[int, FindingView]:
    """Return findings by number."""
    wanted = [FindingFilter(name) for name in reading.providers]
    found = by_numbers(reading.connection, numbers, wanted)
    compared = lookup.compared(reading.connection, numbers)
    return {
        number: FindingView(each, rules().get(each.rule), *compared.get(number, (None, None)))
        for each in found
        if (number := each.number) is not None
    }


def filters_of(reading: Reading, query: Query) -> tuple[FindingFilter, ...]:
    """Return the filters of a query."""
    names = [each.one.name for each in reading.selected(query.text("provider"))]
    places: list[Place | str] = [*names]
    model, rule = query.text("model"), query.text("rule")
    if model is not None:
        places = _places(reading, names, model)
    if rule is not None and rule not in rules():
        raise ArgumentInvalid(f"rule: there is no rule {rule[:40]!r}")
    levels = levels_from(query.level())
    since, until = query.when("since", "start"), query.when("until")
    found = change_filters(reading.connection, places, since, until, levels)
    return tuple(replace(each, rules=(rule,) if rule else ()) for each in found)


def _places(reading: Reading, names: list[str], model: str) -> list[Place | str]:
    """Return the places of a model, by name or key.

    Raise NotFound if no provider has it.
    """
    connection = reading.connection
    known = {name: reading.keep(("keys", name), partial(_keys, reading, name)) for name in names}
    return [
        Place(name, history.number_at(connection, name, None), key)
        for name, keys in known.items()
        if (key := keys.get(model)) is not None
    ] or [*find_places(connection, names, model, None)]


def _keys(reading: Reading, provider: str) -> dict[str, str]:
    """Return the key of each model by key and name. A name has precedence."""
    keys = {key: key for key in every_key(reading.connection, provider)}
    return keys | every_name(reading.connection, provider)


def change_json(finding: Finding) -> dict[str, Any]:
    """Return a finding as `catalog changes --format json` prints it."""
    return finding_json(finding) | ({"number": finding.number} if finding.number else {})


def changes_json(view: ChangesView, _reading: Reading) -> dict[str, Any]:
    """Return a page of changes with the cursor of the next."""
    known: dict[str, Any] = {"changes": [change_json(each) for each in view.page.findings]}
    return known | ({"next": view.page.older} if view.page.older else {})


def finding_view_json(view: FindingView, _reading: Reading) -> dict[str, Any]:
    """Return one finding with its sentence and the reason for its level."""
    known = change_json(view.finding) | {"sentence": sentence(view.finding)}
    return known | ({"why": view.rule.why} if view.rule else {})


def changes_markdown(view: ChangesView) -> str:
    """Return a page of changes as a Markdown table."""
    rows = [
        [stamp(each.at), text(each.provider), str(each.level), each.rule, text(sentence(each))]
        for each in view.page.findings
    ]
    return table(("At", "Provider", "Level", "Rule", "Change"), rows)
