"""Build a store of many models with ends and calls.

    python -m tests.bench.web_store FILE MODELS

The pages of the web part cost most with it: each end needs successors, each call a cell.
"""

import sys
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

from catalog.changes.forecast import Note
from catalog.core.clock import now
from catalog.core.payload import Payload
from catalog.core.probe import Budget, Call, CallResult, Verdict
from catalog.core.snapshot import Snapshot
from catalog.providers.infomaniak.provider import Infomaniak, model
from catalog.store import forecasts, probes
from catalog.store.database import Database, Transaction
from catalog.store.record import record
from catalog.sync.decide import Decision, Past, Policy, Reading
from tests.bench.decade import HOUR, URL
from tests.bench.random_catalog import RandomCatalog

POLLS = 61
REMOVED = 5
"""Models that every third poll lacks, 100 in all."""
NOTED = 20
"""Models with an announced end."""
CALLED = 300
"""Models that were called."""


def make(file: Path, models: int, until: datetime) -> None:
    """Make the database. Its last poll is at `until`."""
    made, provider = RandomCatalog(models + POLLS // 3 * REMOVED), Infomaniak()
    made.rows[::4] = [each | {"type": "embedding"} for each in made.rows[::4]]
    known: Snapshot | None = None
    database = Database(str(file))
    for number in range(POLLS):
        gone = _remove(made) if number and number % 3 == 0 else frozenset()
        at = until - (POLLS - 1 - number) * HOUR
        snapshot = Snapshot.of(provider.name, at, [model(each) for each in made.rows])
        reading = Reading(Payload(provider.name, URL, at, made.body), snapshot, confirmed=gone)
        past = Past(known.digest if known else None, known)
        poll = Decision(provider, Policy(), at, 100).decide(past, reading)
        with database.writing() as connection:
            known = replace(snapshot, number=record(connection, poll, {}))
        made.change()
    with database.writing() as connection:
        for place, each in enumerate(snapshot.models[:NOTED]):
            day = date.fromordinal(until.date().toordinal() + 5 * place)
            forecasts.write(connection, provider.name, Note(each.key, until, retires=day))
        _call(connection, snapshot, until)
    database.close()


def _remove(made: RandomCatalog) -> frozenset[str]:
    """Remove some models. Return their keys."""
    chosen = sorted(made.dice.sample(range(made.count), REMOVED), reverse=True)
    made.count -= REMOVED
    return frozenset(str(made.rows.pop(place)["id"]) for place in chosen)


def _call(connection: Transaction, snapshot: Snapshot, until: datetime) -> None:
    """Record a call of each of some models on two routes."""
    budget = Budget(10 * CALLED, 10 * CALLED)
    for each in snapshot.models[-CALLED:]:
        for route in ("v1/chat", "v2/chat"):
            call = Call(each.name, route, each.key, 1, 1)
            number = probes.begin(connection, snapshot.provider, call, until, budget)
            assert number is not None
            probes.end(connection, number, CallResult(Verdict.ANSWERS, 1), believed=True)


if __name__ == "__main__":
    make(Path(sys.argv[1]), int(sys.argv[2]), now())
