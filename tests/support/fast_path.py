"""A provider on the fast path, and ways to end that."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from catalog.changes.poll import Pass
from catalog.daemon.scheduled import Scheduled
from tests.bench.random_catalog import RandomCatalog
from tests.support.http_server import Server
from tests.support.rig import HOUR, Clock, Ear
from tests.support.shell import Shell

BODY = RandomCatalog(20).body
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@dataclass
class FastRig:
    """A pass as cron and the daemon run it, and its results."""

    work: Scheduled
    server: Server
    folder: Path
    clock: Clock
    ear: Ear

    def poll(self, later: timedelta = HOUR) -> Pass:
        """Run one pass, `later` than the previous one."""
        self.clock.now += later
        return self.work.run_now()

    def is_fast(self) -> bool:
        """Return True if the next poll takes the fast path."""
        return bool(self.rows("select 1 from fast_path where settings is not null"))

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Query the database file with plain SQL."""
        with closing(sqlite3.connect(self.folder / "catalog.db")) as connection:
            return connection.execute(sql).fetchall()


def took_fast_path(shell: Shell, *words: str) -> bool:
    """Run `catalog -v WORDS sync`. Return True if it took the fast path."""
    ran = shell("-v", *words, "sync")
    assert "infomaniak: unchanged" in ran.out
    return "fast path" in ran.err


def delete_rows(shell: Shell, table: str, file: str = "catalog.db") -> None:
    """Delete all rows of a table, as any other write does."""
    with closing(sqlite3.connect(shell.folder / file)) as connection:
        connection.execute(f"delete from {table}")  # noqa: S608  # ours
        connection.commit()
