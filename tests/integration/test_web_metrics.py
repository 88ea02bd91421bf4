"""The figures of `/metrics` from a database of real passes."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from catalog.config.load import load
from catalog.config.settings import Settings
from catalog.store.database import Database
from catalog.web.metrics import Metrics, ProviderMetrics, metrics
from catalog.web.reader import Reader
from catalog.web.views.metrics import read_metrics
from tests.support.builders import body, row
from tests.support.http_server import answer
from tests.support.rig import HOUR, START, TOKEN, Rig, rig

ROWS = (row(id=1, name="alpha"), row(id=2, name="beta", type="image", info_status="beta"))
GONE = (row(id=1, name="alpha"),)


@pytest.fixture
def it(tmp_path: Path) -> Iterator[Rig]:
    """Make a rig whose second model leaves. Then its provider fails."""
    steps = (
        answer(body=body(*ROWS)),
        answer(body=body(*ROWS)),
        answer(body=body(*GONE)),
        answer(500),
    )
    with rig(tmp_path, *steps) as made:
        policy = replace(made.sync.policy, removals="at once")
        made.sync = replace(made.sync, policy=policy)
        yield made


def _settings(it: Rig) -> Settings:
    given = {
        "database": str(it.file),
        "infomaniak.token": TOKEN,
        "channel": [{"name": "ops", "kind": "log"}],
    }
    return load(None, given, environ={"HOME": str(it.folder)}).settings


def _read(it: Rig) -> Metrics:
    database = Database(str(it.file))
    try:
        with Reader((_settings(it),), database, it.clock).reading() as reading:
            return read_metrics(reading)
    finally:
        database.close()


def _one(it: Rig) -> ProviderMetrics:
    (one,) = _read(it).providers
    return one


def test_a_store_without_a_poll_has_zeros(it: Rig) -> None:
    """Before the first poll there is no time, and every counter is there with zero."""
    one = _one(it)
    assert (one.last_success, one.last_poll, one.duration) == (None, None, None)
    assert set(one.polls.values()) == set(one.findings.values()) == {0}
    assert set(one.polls) == {"first", "changed", "unchanged", "held", "invalid", "failed"}
    assert (one.models, one.ending) == ({}, {7: 0, 30: 0, 90: 0})
    assert b"catalog_polls_total" in metrics(_read(it))[0]


def test_polls_and_models_are_counted(it: Rig) -> None:
    """Polls by outcome, and the models of the current snapshot by type and status."""
    assert it.outcomes(2) == ["first", "unchanged"]
    one = _one(it)
    assert {name: number for name, number in one.polls.items() if number} == {
        "first": 1,
        "unchanged": 1,
    }
    assert one.models == {("llm", "ready"): 1, ("image", "beta"): 1}
    assert one.last_success == one.last_poll == START + 2 * HOUR
    assert one.duration is not None
    assert 0 <= one.duration < 60


def test_a_removed_model_is_an_end_and_a_finding(it: Rig) -> None:
    """The policy of 30 days counts for 30 and 90 days, not for 7, and not when it is over."""
    it.outcomes(3)
    one = _one(it)
    assert one.findings["breaking"] == 1
    assert one.models == {("llm", "ready"): 1}
    assert one.ending == {7: 0, 30: 1, 90: 1}
    it.clock.now += 31 * 24 * HOUR
    assert _one(it).ending == {7: 0, 30: 0, 90: 0}


def test_a_failed_poll_does_not_move_the_last_success(it: Rig) -> None:
    """The time of the last poll moves, that of the last success stays."""
    assert it.outcomes(4)[-1] == "failed"
    one = _one(it)
    assert one.last_success == START + 3 * HOUR
    assert one.last_poll == START + 4 * HOUR
    assert one.polls["failed"] == 1


def test_pending_messages_are_counted_by_channel(it: Rig) -> None:
    """A channel that refuses has the messages of two polls, and a channel without any has zero."""
    it.ear.deaf = True
    it.outcomes(3)
    assert _one(it).pending == {"ear": 2, "ops": 0}


def test_the_size_of_the_database_is_that_of_its_file(it: Rig) -> None:
    """The bytes are those of the file."""
    it.poll()
    assert _read(it).database_bytes == it.file.stat().st_size


def test_each_table_is_scanned_once_for_all_providers(it: Rig) -> None:
    """Two providers take one count of polls, because a scan of ten years is the cost."""
    it.outcomes(3)
    asked: list[tuple[str, Any]] = []
    database, settings = Database(str(it.file)), _settings(it)
    with Reader((settings, settings), database, it.clock).reading() as reading:
        event.listen(
            reading.connection, "before_cursor_execute", lambda *each: asked.append(each[2:4])
        )
        read_metrics(reading)
        counts = [each for each in asked if "count(CASE" in each[0] and "FROM poll" in each[0]]
        sql, values = counts[0]
        (plan, *_) = reading.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)
    database.close()
    assert len(counts) == 1
    assert plan[3] == "SCAN poll"
    assert len(asked) < 40
