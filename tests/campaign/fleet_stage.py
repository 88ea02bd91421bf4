"""The providers, the receiver, the server and the workers of a fleet."""

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg

from catalog.fleet.worker import Pace
from tests.support.checkout import ROOT
from tests.support.http_server import Exchange, Recorded, serve
from tests.support.postgresql_server import laid_database
from tests.support.wall_clock import COMPILER, WallClock

SKEW = 90
"""Seconds between the clocks of two workers."""
WATCH = """
CREATE TABLE done (provider text, moment text);
CREATE FUNCTION note_done() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF new.done_at IS NOT NULL AND (TG_OP = 'INSERT' OR old.done_at IS NULL) THEN
    INSERT INTO done VALUES (new.provider, new.moment);
  END IF;
  RETURN new;
END $$;
CREATE TRIGGER note_done AFTER INSERT OR UPDATE ON slot FOR EACH ROW EXECUTE FUNCTION note_done();
"""
"""Note each time that a slot is done, because the table of slots would hide a second one."""
CUT = """
SELECT pg_terminate_backend(pid) FROM (
  SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
  ORDER BY random() LIMIT 1
) one
"""


@dataclass
class Lists:
    """The lists of all providers. Each new version adds one model."""

    version: int = 0

    def __call__(self, exchange: Exchange) -> None:
        """Answer with the current list."""
        rows = [{"id": f"base-{number}"} for number in range(12)]
        rows += [{"id": f"new-{number}"} for number in range(self.version)]
        body = json.dumps({"data": rows}).encode()
        exchange.send(200, {"Content-Type": "application/json"}, body)


@dataclass
class FleetStage:
    """A database on a real server, providers and workers."""

    folder: Path
    url: str
    count: int
    pace: Pace
    lists: Lists
    received: list[Recorded]
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    program: str = "tests.campaign.fleet_program"
    _environs: list[Mapping[str, str]] = field(default_factory=list)

    def start(self, number: int) -> None:
        """Start a worker. Every second one has a clock that is ahead."""
        environ = {"HOME": str(self.folder), "LANG": "C.UTF-8"}
        if number % 2 and COMPILER is not None:
            clock = WallClock.made(self.folder / f"clock{number}")
            clock.shift(timedelta(seconds=SKEW))
            environ |= clock.environ
        self._environs.append(environ)
        self.workers.append(self._started(environ))

    def _started(self, environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
        pace = (self.pace.dispatch, self.pace.heartbeat, self.pace.stalled)
        line = [sys.executable, "-m", self.program, self.folder, *pace]
        with (self.folder / "log.txt").open("ab") as log:
            return subprocess.Popen([*map(str, line)], cwd=ROOT, env=environ, stderr=log)

    def kill(self, number: int) -> None:
        """Kill a worker, and start another one."""
        self.workers[number].kill()
        self.workers[number].wait()
        self.workers[number] = self._started(self._environs[number])

    def cut(self) -> int:
        """Cut a connection of the workers, and return the number."""
        return sum(bool(row[0]) for row in self.ask(CUT))

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask the database."""
        plain = self.url.replace("+psycopg", "")
        with psycopg.connect(plain, autocommit=True) as connection:
            cursor = connection.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []

    def stop(self) -> list[str]:
        """Stop the workers, and return the problems."""
        for each in self.workers:
            each.send_signal(signal.SIGTERM)
        codes = [each.wait() for each in self.workers]
        log = (self.folder / "log.txt").read_text(encoding="utf-8")
        wrong = [f"the workers ended with {codes}"] * any(codes)
        return wrong + ["a mistake in the log"] * ("mistake of this program" in log)

    def messages(self) -> Counter[str]:
        """Return how often the receiver got each message, by its id."""
        return Counter(each.headers["webhook-id"] for each in self.received)

    def until(self, sql: str, wanted: object, seconds: float) -> bool:
        """Wait until a query gives this value. Return False at the time limit."""
        end = time.monotonic() + seconds
        while self.ask(sql) != [(wanted,)]:
            if time.monotonic() > end:
                return False
            time.sleep(0.2)
        return True


@contextmanager
def fleet(folder: Path, server: Path, count: int, every: int, pace: Pace) -> Iterator[FleetStage]:
    """Make the surroundings. At the end, remaining workers are killed."""
    folder.mkdir()
    lists = Lists()
    with ExitStack() as stack:
        url = laid_database(server)
        providers, receiver = stack.enter_context(serve(lists)), stack.enter_context(serve())
        stage = FleetStage(folder, url, count, pace, lists, receiver.requests)
        (folder / "catalog.toml").write_text(
            f'database = "{url}"\ndocument = {{ path = "" }}\n'
            f'[schedule]\nevery = "{every}s"\njitter = ""\n'
            f'[[channel]]\nname = "ops"\nkind = "webhook"\nlevel = "info"\n'
            f'url = "{receiver.url}"\n',
            encoding="utf-8",
        )
        table = {"kind": "openai", "url": providers.url, "list": {"authorization": "none"}}
        tables = [{"name": f"p{number}", **table} for number in range(count)]
        with psycopg.connect(url.replace("+psycopg", "")) as connection:
            connection.execute(WATCH)
            connection.cursor().executemany(
                "INSERT INTO provider VALUES (%s, %s, '2026-01-01T00:00:00Z')",
                [(each["name"], json.dumps(each)) for each in tables],
            )
        try:
            yield stage
        finally:
            for each in stage.workers:
                each.kill()
                each.wait()
