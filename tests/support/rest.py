"""A provider at rest: what tests look at, and how its rest is ended."""

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
class Resting:
    """A pass as cron and the daemon run it, and all that a test looks at."""

    work: Scheduled
    server: Server
    folder: Path
    clock: Clock
    ear: Ear

    def poll(self, later: timedelta = HOUR) -> Pass:
        """Run one pass, `later` than the one before."""
        self.clock.now += later
        return self.work.run_now()

    def is_at_rest(self) -> bool:
        """Whether the next poll need not look at anything."""
        return bool(self.rows("select 1 from rest where settings is not null"))

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask the database file with plain SQL."""
        with closing(sqlite3.connect(self.folder / "catalog.db")) as connection:
            return connection.execute(sql).fetchall()


def syncs_at_rest(shell: Shell, *words: str) -> bool:
    """Run `catalog -v WORDS sync`; say whether it found the provider at rest."""
    ran = shell("-v", *words, "sync")
    assert "infomaniak: unchanged" in ran.out
    return "at rest" in ran.err


def delete_rows(shell: Shell, table: str, file: str = "catalog.db") -> None:
    """Empty a table: that of the slots, or that of the rest, which ends as by whoever writes."""
    with closing(sqlite3.connect(shell.folder / file)) as connection:
        connection.execute(f"delete from {table}")  # noqa: S608  # ours
        connection.commit()
