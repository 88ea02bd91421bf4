"""A poll runs as many queries for 20 models as for 500."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from tests.bench.random_catalog import RandomCatalog
from tests.support.http_server import answer
from tests.support.rig import rig

MOST = {"unchanged": {"statements": 21, "writes": 1}, "changed": {"statements": 59, "writes": 4}}
"""Bounds for one pass with one channel. Lower them after an improvement."""
TABLES = ("poll", "payload", "snapshot", "model_version", "finding", "change", "delivery")


@contextmanager
def counting() -> Iterator[Counter[str]]:
    """Count statements, and transactions that write and commit."""
    counted: Counter[str] = Counter()
    last = ""

    def stated(statement: str) -> None:
        nonlocal last
        is_next_row = statement[:40] == last[:40]  # SQLite runs a statement once per row
        last = statement
        if statement == "BEGIN IMMEDIATE":
            counted["writes"] += 1
        elif not (is_next_row or statement.startswith(("BEGIN", "COMMIT", "PRAGMA"))):
            counted["statements"] += 1

    def opened(connection: Any, _record: Any) -> None:
        connection.set_trace_callback(stated)

    event.listen(Engine, "connect", opened)
    try:
        yield counted
    finally:
        event.remove(Engine, "connect", opened)


def test_no_statement_is_made_by_the_orm(tmp_path: Path) -> None:
    """No statement of a pass uses an ORM class, because it would cost twice."""
    made, bodies = RandomCatalog(20), list[bytes]()
    for _ in range(3):
        bodies.append(made.body)
        made.change()
    made.rows.pop()
    ours: list[str] = []

    def stated(_connection: Any, statement: Any, *_: Any) -> None:
        if getattr(statement, "_propagate_attrs", None):
            ours.append(str(statement))

    event.listen(Engine, "before_execute", stated)
    try:
        with rig(tmp_path, *(answer(body=body) for body in (*bodies, made.body))) as rigged:
            assert rigged.outcomes(5) == ["first", *["changed"] * 3, "unchanged"]
    finally:
        event.remove(Engine, "before_execute", stated)
    assert ours == []


@pytest.mark.parametrize("models", [20, 500])
def test_the_number_of_statements_of_a_poll(tmp_path: Path, models: int) -> None:
    """Statements and writing transactions of a poll have a limit for any number of models."""
    made = RandomCatalog(models)
    first = made.body
    made.change()
    with rig(tmp_path, *(answer(body=body) for body in (first, first, made.body))) as rigged:
        assert rigged.outcomes() == ["first"]
        for outcome, most in MOST.items():
            with counting() as counted:
                assert rigged.outcomes() == [outcome]
            assert 0 < counted["statements"] <= most["statements"]
            assert 0 < counted["writes"] <= most["writes"]


def test_a_changed_poll_writes_what_changed(tmp_path: Path) -> None:
    """Of 500 models, five changed ones add exactly five versions."""
    made = RandomCatalog(500)
    bodies = [made.body]
    assert len(made.change()) == 5
    bodies.append(made.body)
    with rig(tmp_path, *(answer(body=body) for body in bodies)) as rigged:
        rigged.outcomes()
        before = rows(rigged)
        assert rigged.outcomes() == ["changed"]
        after = rows(rigged)
        added = {name: after[name] - before[name] for name in TABLES}
        # Five models with two changed fields each, for one channel.
        assert added == {
            **dict.fromkeys(("poll", "payload", "snapshot"), 1),
            "model_version": 5,
            **dict.fromkeys(("finding", "change", "delivery"), 10),
        }
        before = after
        assert rigged.outcomes() == ["unchanged"]
        assert rows(rigged) == before | {"poll": before["poll"] + 1}


def rows(rigged: Any) -> dict[str, int]:
    """Count the rows of each table."""
    return {name: rigged.rows(f"select count(*) from {name}")[0][0] for name in TABLES}  # noqa: S608  # constants
