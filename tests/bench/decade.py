"""Build ten years of hourly polls of 500 models in minutes.

One poll in ten has a change.

A changed poll goes through the real decision and the real recording, many to a transaction. Plain
SQL writes the polls between.
"""

import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from catalog.changes.poll import Outcome
from catalog.core.clock import stamp
from catalog.core.payload import Payload
from catalog.core.snapshot import Snapshot
from catalog.providers.infomaniak.provider import Infomaniak, model
from catalog.store.database import Database, Transaction
from catalog.store.insert import insert_poll
from catalog.store.record import record
from catalog.store.tables import plain
from catalog.sync.decide import Decision, Past, Policy, Reading
from tests.bench.random_catalog import RandomCatalog

BEGIN = datetime(2016, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
EVERY = 10
BATCH = 200
URL = "https://api.infomaniak.com/1/ai/models"


def make(file: Path, polls: int, models: int = 500) -> None:
    """Make the database."""
    made, provider = RandomCatalog(models), Infomaniak()
    states = _states(made, polls)
    database = Database(str(file))
    known: Snapshot | None = None
    left = polls
    while left > 0:
        with database.writing() as connection:
            for _ in range(min(BATCH, left // EVERY)):
                at, body, snapshot = next(states)
                past = Past(known.digest if known else None, known)
                answer = Payload(provider.name, URL, at, body)
                poll = Decision(provider, Policy(), at, 100).decide(past, Reading(answer, snapshot))
                number = record(connection, poll, {})
                known = replace(snapshot, number=number)
                _unchanged(connection, provider.name, at, number)
                left -= EVERY
    database.close()


def _states(made: RandomCatalog, polls: int) -> Iterator[tuple[datetime, bytes, Snapshot]]:
    """Yield time, answer and state of each poll with changes."""
    models = [model(each) for each in made.rows]
    for number in range(0, polls, EVERY):
        at = BEGIN + number * HOUR
        yield at, made.body, Snapshot.of(Infomaniak().name, at, models)
        for place in made.change():
            models[place] = model(made.rows[place])


def _unchanged(connection: Transaction, provider: str, at: datetime, number: int | None) -> None:
    """Insert unchanged polls up to the next change, as `record` does."""
    for hour in range(1, EVERY):
        row = {
            "provider": provider,
            "started_at": stamp(at + hour * HOUR),
            "duration_ms": 100,
            "outcome": str(Outcome.UNCHANGED),
            "http_status": 200,
            "snapshot_id": number,
        }
        insert_poll(plain(connection), row)


if __name__ == "__main__":
    started = time.monotonic()
    make(Path(sys.argv[1]), int(sys.argv[2]))
    sys.stdout.write(f"{time.monotonic() - started:.1f} s\n")
