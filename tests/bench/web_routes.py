"""Measure the server time of every page and route.

    python -m tests.bench.web_routes FILE ROUNDS

A request is one call of the ASGI application. Each line on stdout is JSON: the route, the address,
whether the answer was cached, and the seconds: on the wall, and of the CPU.
"""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import quote

from catalog.config.load import load
from catalog.core.clock import stamp
from catalog.store import history
from catalog.store.database import Database
from catalog.store.finding_pages import months_with_findings
from catalog.web.app import Options, make_app
from catalog.web.reader import Reader

PROVIDER = "infomaniak"
SPREAD = 5
"""Models, months, findings and moments of each route."""


@dataclass
class Clock:
    """A clock that is set by hand. Answers are made again in each minute."""

    at: datetime

    def __call__(self) -> datetime:
        """Return the time."""
        return self.at

    def tick(self) -> None:
        """Go on to the next minute."""
        self.at += timedelta(minutes=1)


def addresses(database: Database) -> dict[str, list[str]]:
    """Return some addresses of each route, by its path."""
    with database.reading() as connection:
        heads = _spread(history.heads(connection, PROVIDER))
        models = history.snapshot(connection, heads[-1].number).models
        gone = history.delisted(connection, PROVIDER, heads[-1].number)
        months = _spread(months_with_findings(connection))
    keys = [each.key for each in (*_spread(models), *(each.model for each in gone[:2]))]
    words = [quote(each.name.rpartition("-")[2]) for each in _spread(models)]
    moments = [stamp(head.taken_at) for head in heads]
    asked = {name: _lists(name, words, moments) for name in LISTS}
    return asked | _of_one(keys, months)


LISTS = ("/", "/models", "/changes", "/compare", "/calendar", "/probes", "/providers", "/status")


def _lists(path: str, words: list[str], moments: list[str]) -> list[str]:
    filters = {
        "/models": [
            *("", "?cursor=100", "?type=llm", "?status=ready", "?limit=200"),
            *(f"?q={word}" for word in words),
            *(f"?at={at}" for at in moments),
        ],
        "/changes": [
            *("", "?level=breaking", "?rule=field-changed", "?model=7"),
            *(f"?until={at}" for at in moments),
        ],
        "/compare": [f"?from={a}&to={b}" for a, b in pairwise(moments)],
    }
    return [path + each for each in filters.get(path, [""])]


def _of_one(keys: list[str], months: list[str]) -> dict[str, list[str]]:
    numbers = range(1, 10 * SPREAD, 10)
    return {
        "/models/…": [f"/models/{PROVIDER}/{key}" for key in keys],
        "/changes/MONTH": [f"/changes/{month}" for month in months],
        "/changes/NUMBER": [f"/changes/{number}" for number in numbers],
        "/feeds/…": [
            *(f"/feeds/all.{ending}" for ending in ("atom", "json")),
            *(f"/feeds/{PROVIDER}/{key}.atom" for key in keys[:2]),
        ],
        "/calendar.ics": ["/calendar.ics"],
        "/metrics": ["/metrics"],
        "/badge/…": [f"/badge/{PROVIDER}/{key}.svg" for key in keys],
        "/llms.txt": ["/llms.txt"],
        "/livez": ["/livez"],
        "/readyz": ["/readyz"],
    }


def _spread(values: Any) -> list[Any]:
    step = max(1, len(values) // SPREAD)
    return [*values[::step][: SPREAD - 1], values[-1]]


API = {
    "/": "/api/v1/status",
    "/models": "/api/v1/models",
    "/changes": "/api/v1/changes",
    "/compare": "/api/v1/diff",
    "/calendar": "/api/v1/forecasts",
    "/probes": "/api/v1/probes",
    "/providers": "/api/v1/providers",
    "/status": "/api/v1/snapshots",
    "/models/…": "/api/v1/models/…",
    "/changes/NUMBER": "/api/v1/changes/NUMBER",
}
"""The routes of the API, by the page whose addresses they share."""


def every(database: Database) -> dict[str, list[str]]:
    """Return the addresses of each page and API route."""
    pages = addresses(database)
    routes = dict(pages)
    for page, route in API.items():
        old, new = page.removesuffix("…"), route.removesuffix("…")
        old, new = old.removesuffix("NUMBER"), new.removesuffix("NUMBER")
        routes[route] = [new + each.removeprefix(old) for each in pages[page]]
    return routes


async def request(app: Any, address: str) -> int:
    """Send a request to the application and return the status."""
    path, _, query = address.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(b"host", b"127.0.0.1")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    statuses: list[int] = []

    async def receive() -> Mapping[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Mapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    await app(scope, receive, send)
    return statuses[0]


@asynccontextmanager
async def running(app: Any) -> AsyncIterator[None]:
    """Start the application as a server does, and end it."""
    asked, began = asyncio.Queue[Mapping[str, Any]](), asyncio.Event()

    async def send(_message: Mapping[str, Any]) -> None:
        began.set()

    await asked.put({"type": "lifespan.startup"})
    task = asyncio.create_task(app({"type": "lifespan", "state": {}}, asked.get, send))
    await began.wait()
    yield
    await asked.put({"type": "lifespan.shutdown"})
    await task


async def measure(file: Path, rounds: int, out: TextIO) -> None:
    """Request each address in turn, first without its cached answer. Write a line for each."""
    settings = load(None, {"database": str(file)}, environ={"HOME": str(file.parent)}).settings
    database = Database(str(file), writes=False)
    with database.reading() as connection:
        clock = Clock(history.heads(connection, PROVIDER)[-1].taken_at)
    app = make_app(Reader(settings.each, database, clock), Options())
    routes = every(database)
    async with running(app):
        for route, asked in routes.items():
            await _measure(app, clock, route, asked * rounds, out)


async def _measure(app: Any, clock: Clock, route: str, asked: list[str], out: TextIO) -> None:
    await request(app, asked[0])  # because the first one loads templates
    for address in asked:
        clock.tick()
        for cached in (False, True):
            wall, cpu = time.perf_counter(), time.process_time()
            status = await request(app, address)
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            assert status == 200 or route == "/readyz", (address, status)
            found = {"route": route, "address": address, "cached": cached}
            out.write(json.dumps(found | {"wall": wall, "cpu": cpu}) + "\n")
            out.flush()


if __name__ == "__main__":
    asyncio.run(measure(Path(sys.argv[1]), int(sys.argv[2]), sys.stdout))
