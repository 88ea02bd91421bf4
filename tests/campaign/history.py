"""Poll the recorded history with daily faults, and read the result."""

import json
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from catalog.report.json_output import finding_json
from catalog.store.database import Database
from catalog.store.deliveries import findings_of
from catalog.store.verify import verify
from tests.campaign.stage import CHANNELS, Stage, channel

START = datetime(2026, 1, 5, tzinfo=UTC)
DAY = timedelta(days=1)
EVERY = timedelta(minutes=20)
PASSES = 5
CATALOG = ("added", "removed", "restored", "updated", "drift")
"""The kinds of change of the catalog itself, not of its polls."""

Around = Callable[[int, int], AbstractContextManager[Any]]
"""Function of a day and a pass of that day, which returns the fault around that pass."""

_TABLES = {
    "snapshots": "SELECT digest, model_count, substr(taken_at, 1, 10) FROM snapshot ORDER BY id",
    "versions": "SELECT key, facts, first_snapshot, last_snapshot FROM model_version "
    "ORDER BY key, first_snapshot",
    "deliveries": "SELECT f.fingerprint, channel, state FROM delivery JOIN finding f "
    "ON f.id = finding_id WHERE f.id IN (SELECT finding_id FROM change WHERE kind IN {kinds}) "
    "ORDER BY f.fingerprint, channel, delivery.id",
}
_STATE = "SELECT key, facts FROM model_version WHERE last_snapshot IS NULL ORDER BY key"
_FOUND = (
    "SELECT DISTINCT f.id, f.fingerprint, substr(p.started_at, 1, 10) FROM finding f "
    "JOIN change c ON c.finding_id = f.id JOIN poll p ON p.id = f.poll_id WHERE c.kind IN {kinds}"
)
_KINDS = "({})".format(", ".join(f"'{kind}'" for kind in CATALOG))

FindingCounts = Counter[tuple[str, str]]
"""Findings about the catalog: fingerprint and day, with their number."""


@dataclass(frozen=True, slots=True)
class Left:
    """The result of a run.

    Times are cut to the day, because a fault may delay a poll by minutes.
    """

    tables: dict[str, list[tuple[Any, ...]]]
    state: list[tuple[Any, ...]]
    document: bytes
    found: FindingCounts
    received: dict[str, FindingCounts]
    repeated: int
    bad: tuple[str, ...]


def untouched(_day: int, _number: int) -> AbstractContextManager[Any]:
    """Run a pass without a fault."""
    return nullcontext()


def play(
    stage: Stage,
    around: Around = untouched,
    *,
    passes: int = PASSES,
    every: timedelta = EVERY,
    days: int = 5,
    **how: Any,
) -> None:
    """Serve a new state each day and run some passes in it."""
    for day in range(days):
        for number in range(passes):
            with around(day, number):
                stage.run(START + day * DAY + number * every, **how)
        stage.provider.advance()


def ask(file: Path, sql: str) -> list[tuple[Any, ...]]:
    """Query a database file with plain SQL."""
    with closing(sqlite3.connect(file)) as database:
        return database.execute(sql.format(kinds=_KINDS)).fetchall()


def left(stage: Stage) -> Left:
    """Read the result of a run."""
    tables = {name: ask(stage.database, sql) for name, sql in _TABLES.items()}
    found = Counter((row[1], row[2]) for row in ask(stage.database, _FOUND))
    received: dict[str, FindingCounts] = {name: Counter() for name in CHANNELS}
    ids = Counter(message for _, message, _ in stage.taken)
    bad: list[str] = []
    for request in stage.receivers.taken:
        event = json.loads(request.body)
        changes = named(stage.database, event)
        counted = len(event["data"]["changes"]) + event["data"].get("left_out", 0)
        bad += ["a message counts too few"] * (counted != len(changes))
        for change in changes:
            if change["kind"] in CATALOG:
                received[channel(request)][change["fingerprint"], change["at"][:10]] += 1
    return Left(
        tables,
        ask(stage.database, _STATE),
        stage.document.read_bytes(),
        found,
        received,
        ids.total() - len(ids),
        (*verified(stage.database), *bad),
    )


def named(file: Path, event: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the changes of an event, or of its command.

    An event without all changes has a command that lists them.
    """
    if "left_out" not in event["data"]:
        changes: list[dict[str, Any]] = event["data"]["changes"]
        return changes
    message = event["data"]["command"].removeprefix("catalog alerts show ")
    with closing(Database(str(file))) as database, database.reading() as connection:
        return [finding_json(each) for each in findings_of(connection, message)]


def verified(file: Path) -> tuple[str, ...]:
    """Run `catalog db verify` on a database and return the problems."""
    with closing(Database(str(file))) as database, database.reading() as connection:
        return tuple(str(check.bad) for check in verify(connection) if check.bad)
