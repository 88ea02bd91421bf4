"""Make the answers for machines: feeds, calendar, metrics, badges, and `llms.txt`."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from catalog.api.endings import endings
from catalog.api.reads import LOGGED, Place, change_filters, levels_from
from catalog.changes.change import Retiring
from catalog.changes.finding import Finding
from catalog.config.settings import Settings
from catalog.core.clock import stamp
from catalog.core.errors import NotFound
from catalog.store import history
from catalog.store.changelog import FindingFilter, findings
from catalog.store.finding_pages import read_page
from catalog.store.keys import first_heads
from catalog.web.answer import Body
from catalog.web.badge import BADGE_TYPE, Color, badge
from catalog.web.bodies import markdown_body
from catalog.web.calendar import CALENDAR_TYPE, KINDS, Event, calendar, end_events
from catalog.web.feeds import ATOM_TYPE, JSON_TYPE, Feed, atom, feed_id, finding_entry, json_feed
from catalog.web.links import Links
from catalog.web.metrics import metrics
from catalog.web.pages import PAGES
from catalog.web.query import Query
from catalog.web.reader import Reading
from catalog.web.views.metrics import read_metrics
from catalog.web.views.model import ModelView, find_key, read_model

ENTRIES = 100
"""Findings in one feed."""
MOST_ENTRIES = 1000
ATOM, JSON = ".atom", ".json"
SOON = 30


def feed(reading: Reading, which: str, query: Query, links: Links) -> Body:
    """Return a feed as Atom or JSON, by its ending.

    The name is `all`, `PROVIDER` or `PROVIDER/MODEL`.

    Raise NotFound for another name.
    """
    stem, ending = _split(which)
    wanted = _wanted(reading, stem, query)
    size = query.number("limit", ENTRIES, MOST_ENTRIES, least=1)
    page = read_page(reading.connection, wanted, size)
    made = Feed(
        id=feed_id(_origin(reading), stem, query.text("level") or ""),
        title="Changes of all models" if stem == "all" else f"Changes of {stem}",
        updated=page.findings[0].at if page.findings else _first(reading, wanted),
        entries=tuple(finding_entry(each, links.finding(each)) for each in page.findings),
        page=links.to("/changes"),
        here=links.to(f"/feeds/{which}", level=query.text("level")),
    )
    return _encoded(made, ending)


def feeds_of_model(view: ModelView, links: Links) -> tuple[Body, Body]:
    """Return both feeds of a model that is read already.

    `links` are those of a page in the folder of both.
    """
    details = view.details
    stem = f"{details.provider}/{details.model.key}"
    logged = [each for each in reversed(details.findings) if each.is_reported and _is_logged(each)]
    made = Feed(
        id=feed_id(details.provider, stem, ""),
        title=f"Changes of {stem}",
        updated=logged[0].at if logged else details.first_seen,
        entries=tuple(finding_entry(each, links.finding(each)) for each in logged[:ENTRIES]),
        page=links.to("/changes"),
    )
    atom_feed, other = (
        _encoded(replace(made, here=links.to(f"/feeds/{stem}{ending}")), ending)
        for ending in (ATOM, JSON)
    )
    return atom_feed, other


def _is_logged(finding: Finding) -> bool:
    """Return whether a finding is about the catalog, as `change_filters` selects."""
    return any(
        each.kind in LOGGED or (isinstance(each, Retiring) and each.is_stated)
        for each in finding.changes
    )


def _encoded(made: Feed, ending: str) -> Body:
    if ending == ATOM:
        return Body(atom(made), ATOM_TYPE)
    return Body(json_feed(made), JSON_TYPE)


def ends_calendar(reading: Reading, query: Query, links: Links | None = None) -> Body:
    """Return the ends of one provider or of all as a calendar.

    With `links`, which are complete, events name the pages of their models.
    """
    stored = reading.stored(query.text("provider"))
    names = tuple(settings.one.name for settings in stored)
    events = reading.keep(("events", names), partial(_events, reading, stored))
    if links is not None:
        events = tuple(replace(one, url=links.model(one.provider, one.key)) for one in events)
    return Body(calendar(events), CALENDAR_TYPE)


def _events(reading: Reading, stored: Sequence[Settings]) -> tuple[Event, ...]:
    """Return the ends of some providers as events."""
    wanted = [FindingFilter(settings.one.name, kinds=KINDS) for settings in stored]
    found = [finding for each in wanted for finding in findings(reading.connection, each)]
    states = [reading.state(settings) for settings in stored]
    as_of = max((each.snapshot.taken_at for each in states), default=reading.now)
    return end_events(found, endings(states, reading.now), as_of)


def figures(reading: Reading, accept: str) -> Body:
    """Return the figures for Prometheus, in the format that the client accepts."""
    content, media_type = metrics(read_metrics(reading), accept)
    return Body(content, media_type)


def model_badge(reading: Reading, provider: str, name: str) -> Body:
    """Return the badge of a model, or raise NotFound. `name` has no ending."""
    view = read_model(reading, provider, name, Query({}, reading.now))
    return badge_of(view, reading)


def badge_of(view: ModelView, reading: Reading) -> Body:
    """Return the badge of a model that is read already."""
    state, color = _state(view, reading)
    return Body(badge(view.details.model.name, state, color).encode(), BADGE_TYPE)


def llms(reading: Reading, links: Links) -> Body:
    """Return the pages in the form that llmstxt.org proposes."""
    names = ", ".join(reading.providers)
    lines = [f"> The AI models of {names}: lists, changes and ends.", "", "## Pages", ""]
    lines += [f"- [{page.title}]({links.to(page.stem + '.md')})" for page in PAGES]
    lines += ["", "## Data", "", f"- [Feed]({links.to('/feeds/all.json')}): the last changes"]
    if links.is_live:
        lines += [f"- [API]({links.to('/api/v1/openapi.json')}): OpenAPI 3.1"]
    return markdown_body("Model catalog", "\n".join(lines))


def _split(which: str) -> tuple[str, str]:
    for ending in (ATOM, JSON):
        if which.endswith(ending):
            return which.removesuffix(ending), ending
    raise NotFound(f"there is no feed {which!r}", hint="Feeds end with .atom or .json.")


def _wanted(reading: Reading, stem: str, query: Query) -> tuple[FindingFilter, ...]:
    """Return the filters of a feed, or raise NotFound."""
    levels, connection = levels_from(query.level()), reading.connection
    if stem == "all":
        return change_filters(connection, reading.providers, None, None, levels)
    provider, slash, name = stem.partition("/")
    reading.settings_of(provider)
    place: Place | str = provider
    if slash:
        number = history.number_at(connection, provider, None)
        place = Place(provider, number, find_key(connection, provider, name, number))
    return change_filters(connection, [place], None, None, levels)


def _origin(reading: Reading) -> str:
    """Return the first snapshots as text, which differ between stores."""
    heads = first_heads(reading.connection, reading.providers)
    return " ".join(f"{head.provider} {stamp(head.taken_at)} {head.digest}" for head in heads)


def _first(reading: Reading, wanted: tuple[FindingFilter, ...]) -> datetime:
    """Return the time of the first snapshot, for an empty feed."""
    heads = first_heads(reading.connection, [each.provider for each in wanted])
    return min((head.taken_at for head in heads), default=reading.now)


def _state(view: ModelView, reading: Reading) -> tuple[str, Color]:
    details = view.details
    if not details.is_listed:
        return "not listed", "red"
    if details.end is not None:
        left = details.end.days_left(reading.now)
        return f"ends {details.end.until}", "red" if left < SOON else "yellow"
    status = details.model.status or "listed"
    return status, "green" if status in {"ready", "listed"} else "blue"
