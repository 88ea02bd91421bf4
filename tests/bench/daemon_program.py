"""Measure polls in one process: ours and a hand-written loop's, in turn.

    python -m tests.bench.daemon_program FOLDER URL ANSWER MODELS POLLS

Nine polls in ten find no change. Each poll is timed as CPU seconds of this process and is a line of
JSON on stdout.
"""

import json
import sys
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

from catalog.config.build import wire_http, wire_scheduled
from catalog.config.load import load
from catalog.core.clock import stamp
from catalog.store.database import Database
from tests.bench.loop import Loop
from tests.bench.random_catalog import RandomCatalog
from tests.bench.server import Served

Came = TypeVar("Came")
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
EVERY = 10
"""One poll in this many finds a change."""


def main() -> None:
    """Poll the whole series."""
    folder, url, answer = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
    models, polls = map(int, sys.argv[4:])
    served, made = Served(answer, url), RandomCatalog(models)
    served.put(made.body)
    given = {
        "database": str(folder / "catalog.db"),
        "document.path": "",
        "infomaniak.url": url,
        "infomaniak.token": "any",
    }
    loaded = load(None, given, environ={"HOME": str(folder)})
    settings = loaded.settings
    loop = Loop(f"{url}/1/ai/models", folder / "loop.db")
    now = BEGIN
    with wire_http(settings) as http, closing(Database(settings.database)) as database:
        work = wire_scheduled(settings, loaded, database, http, clock=lambda: now)

        def ours() -> str:
            result = work.run().result
            return "skipped" if result is None else str(result.poll.outcome)

        for number in range(polls):
            now = BEGIN + number * HOUR
            if number and number % EVERY == 0:
                made.change()
                served.put(made.body)
            pair: dict[str, Callable[[], str]] = {
                "ours": ours,
                "loop": partial(loop.poll, stamp(now)),
            }
            order = list(pair) if number % 2 else list(reversed(pair))
            took = {name: timed(pair[name]) for name in order}
            sys.stdout.write(json.dumps({name: took[name] for name in pair}) + "\n")


def timed(work: Callable[[], Came]) -> tuple[Came, float]:
    """Return the result of some work and its CPU seconds."""
    started = time.process_time()
    came = work()
    return came, time.process_time() - started


if __name__ == "__main__":
    main()
