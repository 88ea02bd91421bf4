"""List all files of the static site, and make their content.

Leaves come before the lists that name them, because a build may be killed: then the lists still
name only files that exist.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from hashlib import sha256
from importlib.resources import files
from itertools import chain
from typing import Any

from catalog.config.settings import Settings
from catalog.store import history
from catalog.store.finding_pages import digests_of_months
from catalog.store.keys import every_key, every_name
from catalog.store.model_findings import ModelFindings, read_model_findings
from catalog.web.answer import Body
from catalog.web.bodies import json_body
from catalog.web.files import file_of
from catalog.web.folder import Bundle
from catalog.web.links import FileLinks, model_path
from catalog.web.machines import badge_of, ends_calendar, feed, feeds_of_model, llms
from catalog.web.pages import PAGES, STATIC, Page
from catalog.web.query import LARGEST, Query
from catalog.web.reader import Reading
from catalog.web.site import JSON, MARKDOWN, Site
from catalog.web.views.changes import read_month
from catalog.web.views.model import model_view_json, read_model

FEEDS = (".atom", ".json")

Keys = dict[tuple[str, str], str]


def bundles(reading: Reading) -> Iterator[Bundle]:
    """Yield every file of the site in the order to write them."""
    keys = _keys(reading)
    site = Site(lambda path: FileLinks(path, keys))
    return chain(
        _static(),
        _models(site, reading),
        _machines(site, reading),
        _months(site, reading, keys),
        _pages(site, reading),
    )


def _keys(reading: Reading) -> Keys:
    """Return the key of each model by provider and key or name."""
    known: Keys = {}
    for provider in reading.providers:
        names = every_name(reading.connection, provider)
        known |= {(provider, name): key for name, key in names.items()}
        known |= {(provider, key): key for key in every_key(reading.connection, provider)}
    return known


def _static() -> Iterator[Bundle]:
    for name in STATIC:
        content = files("catalog.web").joinpath("static", name).read_bytes()
        yield Bundle((name,), partial(tuple, (content,)))


def _models(site: Site, reading: Reading) -> Iterator[Bundle]:
    # Pages of models show times to the day, so they change at most once a day without a change.
    today = replace(reading, now=reading.now.replace(hour=23, minute=59, second=59, microsecond=0))

    def together(settings: Settings) -> ModelFindings:
        number = history.number_at(reading.connection, settings.one.name, None)
        return read_model_findings(reading.connection, settings.one.name, number)

    def make(settings: Settings, key: str) -> tuple[bytes, ...]:
        provider = settings.one.name
        known = reading.once(("together", provider), partial(together, settings))
        view = read_model(today, provider, key, Query({}, today.now), known)
        twin = json_body(model_view_json(view, today))
        feeds = feeds_of_model(view, site.links(f"/feeds/{provider}/{key}{FEEDS[0]}"))
        bodies = (site.model_page(view, today), twin, *feeds, badge_of(view, today))
        return tuple(body.content for body in bodies)

    for settings in reading.stored(None):
        provider = settings.one.name
        for key in every_key(reading.connection, provider):
            page = model_path(provider, key)
            feeds = (file_of(f"/feeds/{provider}/{key}{ending}") for ending in FEEDS)
            badge = file_of(f"/badge/{provider}/{key}.svg")
            files = (file_of(page), file_of(page, JSON), *feeds, badge)
            yield Bundle(files, partial(make, settings, key))


def _months(site: Site, reading: Reading, keys: Keys) -> Iterator[Bundle]:
    def make(month: str) -> tuple[bytes, ...]:
        view = read_month(reading, month, LARGEST - 1)
        return tuple(
            site.month(view, reading, month, twin).content for twin in ("", JSON, MARKDOWN)
        )

    months = digests_of_months(reading.connection)
    # Each page links all months and the models that have a page.
    shared = sha256(repr((sorted(keys.items()), reading.providers, [*months])).encode()).hexdigest()
    for month, digest in months.items():
        path, twins = f"/changes/{month}", (JSON, MARKDOWN)
        source = sha256(f"{shared} {digest}".encode()).hexdigest()[:16]
        files = (file_of(path), *(file_of(path, twin) for twin in twins))
        yield Bundle(files, partial(make, month), source)


def _machines(site: Site, reading: Reading) -> Iterator[Bundle]:
    """Yield what machines read, except the feeds and badges of models."""
    query = Query({}, reading.now)
    bodies: dict[str, Callable[[], Body]] = {
        "/calendar.ics": partial(ends_calendar, reading, query),
        "/llms.txt": partial(llms, reading, site.links("/llms.txt")),
    }
    for stem in ("all", *(settings.one.name for settings in reading.stored(None))):
        for ending in FEEDS:
            links = site.links(f"/feeds/{stem}{ending}")
            bodies[f"/feeds/{stem}{ending}"] = partial(
                feed, reading, f"{stem}{ending}", query, links
            )
    for path, make in bodies.items():
        yield Bundle((file_of(path),), partial(_content, make))


def _content(make: Callable[[], Body]) -> tuple[bytes, ...]:
    return (make().content,)


def _pages(site: Site, reading: Reading) -> Iterator[Bundle]:
    query, whole = Query({}, reading.now), _Whole({}, reading.now)

    def make(page: Page[Any]) -> tuple[bytes, ...]:
        asked = query if page.path == "/changes" else whole
        return tuple(site.page(page, reading, asked, twin).content for twin in ("", JSON, MARKDOWN))

    for page in reversed(PAGES):
        html = file_of(page.path)
        twins = (file_of(page.stem, twin) for twin in (JSON, MARKDOWN))
        yield Bundle((html, *twins), partial(make, page))


class _Whole(Query):
    """A query of a whole list, without pages of it."""

    def number(self, name: str, default: int, *limits: int, **others: int) -> int:
        """Return a number, or no limit of rows."""
        return LARGEST if name == "limit" else super().number(name, default, *limits, **others)
