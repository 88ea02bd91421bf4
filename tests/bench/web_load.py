"""Measure the web server of `catalog serve` under load, while it polls.

    python -m tests.bench.web_load FILE SECONDS

It polls a server on this machine every two seconds, and a new answer comes every five. First it
polls for a while alone. Then 50 clients with open connections send 200 requests a second together,
to all pages and API routes. The result is one line of JSON on stdout.
"""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import nan
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from catalog.store import history
from catalog.store.database import Database
from tests.bench.random_catalog import RandomCatalog
from tests.bench.server import Served, serving
from tests.bench.web_routes import PROVIDER, every
from tests.support.builders import body

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
CLIENTS, PER_SECOND = 50, 200
CHANGES = 5.0
"""Seconds between two answers of the provider."""
LONGEST = 60.0
"""Seconds after which a request counts as failed."""
ALONE = 5.0
"""The fewest seconds without load."""


@dataclass
class Load:
    """The seconds of all requests, and the errors."""

    seconds: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)


async def client(port: int, paths: Sequence[str], until: float, dice: Random, load: Load) -> None:
    """Send requests on one connection, each at its time."""
    pause = CLIENTS / PER_SECOND
    due = time.monotonic() + pause * dice.random()
    streams: Streams | None = None
    while due < until and time.monotonic() < until:
        await asyncio.sleep(due - time.monotonic())
        path = dice.choice(paths)
        try:
            async with asyncio.timeout(LONGEST):
                streams = streams or await asyncio.open_connection("127.0.0.1", port)
                streams[1].write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
                status = await _answer(streams[0])
        except (OSError, EOFError) as error:
            load.errors[type(error).__name__] += 1
            streams = None
        else:
            # From its time on, because a request that is sent late has waited.
            load.seconds.append(time.monotonic() - due)
            load.errors.update([f"{status} {path}"] * (status != 200))
        due += pause
    if streams is not None:
        streams[1].close()


async def _answer(reader: asyncio.StreamReader) -> int:
    """Read one answer and return its status."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
    await reader.readexactly(int(length[1]) if length else 0)
    return int(head.split(maxsplit=2)[1])


async def _all(port: int, paths: Sequence[str], seconds: float) -> Load:
    load, until = Load(), time.monotonic() + seconds
    clients = (client(port, paths, until, Random(each), load) for each in range(CLIENTS))  # noqa: S311  # the same requests each time
    await asyncio.gather(*clients)
    return load


@contextmanager
def _daemon(folder: Path, file: Path, url: str) -> Iterator[tuple[int, int]]:
    """Start `catalog serve` with its pages. Give its process and its port."""
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "CATALOG_DATABASE": str(file),
        "CATALOG_DOCUMENT_PATH": "",
        "CATALOG_SCHEDULE_EVERY": "2s",
        "CATALOG_SCHEDULE_JITTER": "0s",
        "CATALOG_WEB_LISTEN": "127.0.0.1:0",
        "CATALOG_INFOMANIAK_URL": url,
        "INFOMANIAK_API_TOKEN": "any",
    }
    words = [str(Path(sys.executable).with_name("catalog")), "serve"]
    with subprocess.Popen(
        words, cwd=folder, env=environ, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stderr
        lines = iter(running.stderr)
        found = next(match for line in lines if (match := re.search(r"http://.*:(\d+)/", line)))
        reader = threading.Thread(target=lambda: [*lines])
        reader.start()
        yield running.pid, int(found[1])
        running.send_signal(signal.SIGTERM)
        reader.join()


@contextmanager
def _changing(served: Served, bodies: Sequence[bytes]) -> Iterator[None]:
    """Change the answer of the provider every few seconds."""
    ended = threading.Event()

    def change() -> None:
        for each in bodies:
            if ended.wait(CHANGES):
                return
            served.put(each)

    thread = threading.Thread(target=change)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _bodies(made: RandomCatalog, count: int) -> list[bytes]:
    """Return later answers.

    They are made before the load, because the client is the same process.
    """
    bodies = []
    for _ in range(count):
        made.change()
        bodies.append(made.body)
    return bodies


def _catalog(database: Database) -> RandomCatalog:
    """Return the current models, so that the first poll changes little."""
    with database.reading() as connection:
        models = history.snapshot(connection, history.number_at(connection, PROVIDER, None)).models
    made = RandomCatalog(len(models))
    made.rows = [json.loads(each.facts) for each in models]
    return made


def _polls(database: Database) -> list[int]:
    """Return the milliseconds of every poll, oldest first."""
    with database.reading() as connection:
        rows = connection.exec_driver_sql("SELECT duration_ms FROM poll ORDER BY id").all()
    return [row[0] for row in rows]


def _memory(process: int) -> int:
    """Return the largest resident size of a process in bytes."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found
    return int(found[1]) * 1024


def _cpu(process: int) -> float:
    """Return the CPU seconds of a process."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(file: Path, seconds: float) -> dict[str, Any]:
    """Run the load on a store, which grows, and return the figures."""
    database = Database(str(file))
    routes = every(database)
    # Each route is asked as often as any other.
    paths = [each for asked in routes.values() for each in (asked * 100)[:100]]
    paths = [path for path in paths if not path.startswith("/readyz")]
    with TemporaryDirectory(prefix="catalog-load-") as place, serving(Path(place)) as served:
        made, before = _catalog(database), max(ALONE, seconds / 2)
        served.put(body(*made.rows))
        bodies = _bodies(made, round((before + seconds) / CHANGES) + 1)
        known = len(_polls(database))
        with _daemon(Path(place), file, served.url) as (process, port), _changing(served, bodies):
            time.sleep(before)
            alone = _polls(database)[known:]
            began, cpu, own = time.monotonic(), _cpu(process), time.process_time()
            load = asyncio.run(_all(port, paths, seconds))
            took, cpu = time.monotonic() - began, _cpu(process) - cpu
            own = time.process_time() - own
            busy, memory = _polls(database)[known + len(alone) :], _memory(process)
    polls = {"alone": median(alone), "busy": median(busy or [nan]), "polls": len(busy)}
    cores = {"cpu": cpu / took, "client": own / took, "memory": memory}
    return _summary(load, took) | polls | cores


def _summary(load: Load, took: float) -> dict[str, Any]:
    """Return rate, errors and percentiles of the seconds."""
    values = sorted(load.seconds)
    part = {f"p{each}": values[len(values) * each // 100] for each in (50, 95, 99)}
    errors = dict(load.errors.most_common(9))
    return {"requests": len(values), "rate": len(values) / took, "errors": errors} | part


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure(Path(sys.argv[1]), float(sys.argv[2]))) + "\n")
