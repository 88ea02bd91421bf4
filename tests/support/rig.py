"""A whole pass with real HTTP, SQLite file, document and channel."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from httpx import create_ssl_context

from catalog.alerts.channel import Audience, Message
from catalog.alerts.timing import Timing
from catalog.changes.poll import Pass
from catalog.config.build import wire_sync
from catalog.config.load import load
from catalog.core.errors import DeliveryFailed
from catalog.core.http.client import Http
from catalog.core.http.request import Limits
from catalog.store.database import Database
from catalog.sync.sync import Options, Sync
from tests.support.http_server import Step, serve

START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
TOKEN = "tok-3f9a-secret"
FAST = Limits(deadline=5, max_bytes=100_000, attempts=3, retry_for=5, backoff=0)
SHORT = Limits(deadline=1, backoff=0)
"""Short time limits, but long enough for the first bytes on a busy machine."""
TLS = create_ssl_context(trust_env=False)
"""The certificates of every client, read once, because that takes as long as a pass."""


@dataclass
class Ear:
    """A channel that keeps messages, or refuses them while `deaf` or `gone`."""

    name: str = "ear"
    audience: Audience = field(default_factory=Audience)
    timing: Timing = field(default_factory=Timing)
    deaf: bool = False
    gone: bool = False
    asks: float | None = None
    """Seconds that it asks to wait while it is `deaf`."""
    messages: list[Message] = field(default_factory=list)

    def send(self, message: Message) -> None:
        """Keep the message."""
        if self.deaf:
            text = f"channel {self.name} is deaf"
            raise DeliveryFailed(text, for_good=self.gone, retry_after=self.asks)
        self.messages.append(message)

    @property
    def rules(self) -> list[list[str]]:
        """The rules of each message's findings."""
        return [[finding.rule for finding in message.findings] for message in self.messages]


@dataclass
class Clock:
    """A clock that tests set."""

    now: datetime = START

    def __call__(self) -> datetime:
        """Return the time that the test set."""
        return self.now


@dataclass
class Rig:
    """A Sync with its results."""

    sync: Sync
    server: Any
    folder: Path
    clock: Clock
    ear: Ear

    def poll(self, *, later: timedelta = HOUR, **options: Any) -> Pass:
        """Run one pass, `later` than the previous one."""
        self.clock.now += later
        return self.sync.run(Options(**options))

    def outcomes(self, count: int = 1, **options: Any) -> list[str]:
        """Run passes and return their outcomes."""
        return [str(self.poll(**options).poll.outcome) for _ in range(count)]

    @property
    def file(self) -> Path:
        """The database file."""
        return self.folder / "catalog.db"

    @property
    def document(self) -> Path:
        """The document."""
        return self.folder / "models.md"

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Query the database file with plain SQL."""
        connection = sqlite3.connect(self.file)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()


@contextmanager
def rig(folder: Path, *steps: Step) -> Iterator[Rig]:
    """Make a rig whose provider answers with these steps, one per request.

    The last step repeats.
    """
    limits = Limits(deadline=5, attempts=1, backoff=0)
    with serve(*steps) as server, Http(limits, tls=TLS) as http:
        yield make(folder, server, http)


def make(folder: Path, server: Any, http: Http) -> Rig:
    """Wire a Sync to a server, with its files in a folder."""
    clock, ear = Clock(), Ear()
    lay_database(folder)
    given = {
        "database": str(folder / "catalog.db"),
        "document.path": str(folder / "models.md"),
        "infomaniak.url": server.url,
        "infomaniak.token": TOKEN,
    }
    settings = load(None, given, environ={"HOME": str(folder)}).settings
    database = Database(settings.database)
    sync = replace(wire_sync(settings, database, http, clock), channels=(ear,))
    return Rig(sync, server, folder, clock, ear)


def lay_database(folder: Path) -> Path:
    """Copy a database without rows into a folder, unless it has one."""
    file = folder / "catalog.db"
    if not file.exists():
        file.write_bytes(_empty())
    return file


@cache
def _empty() -> bytes:
    """Make a database without rows once, because rigs do not test migrations."""
    with TemporaryDirectory() as folder:
        database = Database(f"{folder}/catalog.db")
        with database.writing():
            pass
        database.close()
        return Path(folder, "catalog.db").read_bytes()
