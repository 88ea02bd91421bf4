"""Build the web application: pages, their twins, and the API."""

import gc
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Any

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from catalog import __version__
from catalog.core.clock import stamp
from catalog.core.errors import CatalogError
from catalog.web import errors, machines
from catalog.web.answer import Answers, Body, Make
from catalog.web.api import add_api
from catalog.web.links import Links, LiveLinks
from catalog.web.pages import PAGES, STATIC, Page
from catalog.web.query import Query
from catalog.web.reader import Reader, Reading
from catalog.web.security import Access, Guard
from catalog.web.segments import register_names
from catalog.web.site import Site

AT_ONCE = 2
"""Answers that are made at the same time."""
LOOKED = "looked"
"""The cookie with two times: from when a person compares, and the last visit."""
VISIT = timedelta(minutes=30)
"""Within it, a reload or another look compares from the same time."""
_MOMENT = re.compile(r"20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]Z")


@dataclass(frozen=True, slots=True)
class Options:
    """How the application is reached. `root_path` is such as `/catalog`, behind a proxy."""

    root_path: str = ""
    access: Access = field(default_factory=Access)


def make_app(reader: Reader, options: Options) -> Guard:
    """Return the ASGI application over a store."""
    register_names()
    app = FastAPI(
        title="Model catalog",
        version=__version__,
        servers=[{"url": options.root_path or "/"}],
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_running,
    )
    links = LiveLinks(options.root_path)
    answers = Answers(reader)
    app.router.routes += _routes(answers, Site(lambda _path: links), options.root_path)
    add_api(app, answers)
    _handle_errors(app, reader, links)
    return Guard(app, options.access, options.root_path)


@asynccontextmanager
async def _running(_app: FastAPI) -> AsyncIterator[None]:
    """Let the server make two answers at a time.

    More would not be faster, but take more memory, and the time of the polls in the same process.
    """
    current_default_thread_limiter().total_tokens = AT_ONCE
    # The garbage collection skips what is loaded, because it takes 100 ms amid an answer.
    gc.collect()
    gc.freeze()
    yield


def _routes(answers: Answers, site: Site, root: str) -> list[Route]:
    """Return every route except those of the API."""
    routes = [Route(f"/{name}", _file(name)) for name in STATIC]
    routes += [Route("/livez", _live), Route("/readyz", _ready(answers))]
    for page in PAGES:
        routes.append(Route(page.path, _page(answers, site, page)))
        routes += [
            Route(page.stem + twin, _page(answers, site, page, twin)) for twin in (".json", ".md")
        ]
    routes += _machines(answers, root)
    routes.append(Route("/models/{provider}/{name:name}", _model(answers, site)))
    routes.append(Route("/changes/{which}", _changes(answers, site)))
    return routes


Endpoint = Callable[[Request], Response]


def _page(answers: Answers, site: Site, page: Page[Any], twin: str = "") -> Endpoint:
    def endpoint(request: Request) -> Response:
        values = dict(request.query_params)
        since = _looked(request, answers.reader.clock()) if page.path == "/compare" else None
        if since and "from" not in values:
            values["from"] = since

        def make(reading: Reading) -> Body:
            return site.page(page, reading, Query(values, reading.now), twin)

        response = answers.answer(
            request, make, variant=values.get("from", ""), shows_polls=page.shows_polls
        )
        if page.path == "/compare" and not twin:
            _remember(response, since or "", answers.reader.clock())
        return response

    return endpoint


def _looked(request: Request, now: datetime) -> str | None:
    """Return the time of the previous visit, or None."""
    since, _, last = request.cookies.get(LOOKED, "").partition("~")
    before, visited = _time(since), _time(last)
    if visited is not None and now - visited > VISIT:
        return last
    return None if before is None else since


def _time(text: str) -> datetime | None:
    """Return a time of the cookie, or None if it is none."""
    try:
        return datetime.fromisoformat(text) if _MOMENT.fullmatch(text) else None
    except ValueError:
        return None


def _remember(response: Response, since: str, now: datetime) -> None:
    """Set the cookie of the last visit."""
    moment = f"{since}~{stamp(now)}"
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Vary"] = "Cookie"
    response.set_cookie(LOOKED, moment, max_age=365 * 86_400, httponly=True, samesite="lax")


def _machines(answers: Answers, root: str) -> list[Route]:
    """Return the routes of feeds, calendar, metrics, badges and `llms.txt`."""

    def route(path: str, make: Callable[[Reading, Request], Body]) -> Route:
        def endpoint(request: Request) -> Response:
            # The content names scheme and host, and metrics have two formats.
            origin = f"{request.url.scheme}://{request.url.netloc}"
            return answers.answer(
                request,
                lambda reading: make(reading, request),
                variant=f"{origin} {request.headers.get('accept', '')}",
                shows_polls=path == "/metrics",
            )

        return Route(path, endpoint)

    def links(request: Request) -> Links:
        return LiveLinks(f"{request.url.scheme}://{request.url.netloc}{root}")

    def feed(reading: Reading, request: Request) -> Body:
        query = Query(request.query_params, reading.now)
        return machines.feed(reading, request.path_params["which"], query, links(request))

    def ends(reading: Reading, request: Request) -> Body:
        query = Query(request.query_params, reading.now)
        return machines.ends_calendar(reading, query, links(request))

    def figures(reading: Reading, request: Request) -> Body:
        found = machines.figures(reading, request.headers.get("accept", ""))
        return replace(found, headers=(("Vary", "Accept"),))

    def badge(reading: Reading, request: Request) -> Body:
        return machines.model_badge(reading, **request.path_params)

    return [
        route("/feeds/{which:name}", feed),
        route("/calendar.ics", ends),
        route("/metrics", figures),
        route("/badge/{provider}/{name:name}.svg", badge),
        route("/llms.txt", lambda reading, request: machines.llms(reading, links(request))),
    ]


def _model(answers: Answers, site: Site) -> Endpoint:
    def endpoint(request: Request) -> Response:
        provider, name = request.path_params["provider"], request.path_params["name"]

        def make(reading: Reading) -> Body:
            return site.model(reading, provider, name, Query(request.query_params, reading.now))

        return answers.answer(request, make)

    return endpoint


def _changes(answers: Answers, site: Site) -> Endpoint:
    def endpoint(request: Request) -> Response:
        make: Make = lambda reading: site.changes(reading, request.path_params["which"])  # noqa: E731
        return answers.answer(request, make)

    return endpoint


def _file(name: str) -> Endpoint:
    """Return the endpoint of a static file."""
    content = files("catalog.web").joinpath("static", name).read_bytes()

    def endpoint(_request: Request) -> Response:
        headers = {"Cache-Control": "max-age=3600"}
        return Response(content, headers=headers, media_type=STATIC[name])

    return endpoint


async def _live(_request: Request) -> Response:  # async, so that it waits for no page
    return PlainTextResponse("alive\n")


def _ready(answers: Answers) -> Endpoint:
    from catalog.web.views.status import read_service

    def endpoint(_request: Request) -> Response:
        with answers.reader.reading() as reading:
            view = read_service(reading, Query({}, reading.now))
        old = [one.name for one in view.providers if one.status.health.freshness == "error"]
        text = f"too old: {', '.join(old)}\n" if old else "ready\n"
        return PlainTextResponse(text, 503 if old else 200)

    return endpoint


def _handle_errors(app: FastAPI, reader: Reader, links: LiveLinks) -> None:
    # async, so that an error does not wait for other answers
    async def handle(request: Request, error: Exception) -> Response:
        errors.log(error)
        if errors.is_for_program(request):
            return errors.problem(error)
        return errors.error_page(error, links, reader)

    for kind in (CatalogError, HTTPException):
        app.add_exception_handler(kind, handle)
