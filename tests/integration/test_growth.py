"""The database grows with changes, not with polls."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from catalog.changes.poll import Outcome, Poll
from catalog.core.payload import NotModified
from catalog.providers.recordings import find, shipped
from catalog.store import history, polls
from catalog.store.database import Database, Transaction
from catalog.store.record import record
from tests.support.builders import AT, model, payload, snapshot


def test_an_unchanged_poll_takes_little_room(tmp_path: Path) -> None:
    """An unchanged poll takes at most 70 bytes."""
    database = Database(str(tmp_path / "catalog.db"))
    state = snapshot(*(model(str(key), f"m{key}") for key in range(16)), at=AT)
    body = find(shipped())[0].path.read_bytes()
    sizes = list[int]()
    with database.writing() as connection:
        first = Poll("infomaniak", AT, 100, Outcome.FIRST, payload(body), state)
        record(connection, first, {})
    for begin, end in ((0, 10), (10, 1000)):
        with database.writing() as connection:
            for hour in range(begin, end):
                at = AT + timedelta(hours=hour)
                answer = NotModified("infomaniak", "u", at)
                took = 80 + hour % 40
                record(connection, Poll("infomaniak", at, took, Outcome.UNCHANGED, answer), {})
        with database.reading() as connection:
            assert len([*polls.newest_first(connection, "infomaniak")]) == 1 + end
            pages = connection.exec_driver_sql("pragma page_count").scalar()
        sizes.append(4096 * (pages or 0))
    database.close()
    assert (sizes[1] - sizes[0]) / 990 <= 70


def test_the_queries_of_a_poll_cost_the_same_after_years(tmp_path: Path) -> None:
    """After 1,000 more polls, the queries of a poll cost the same."""
    database = Database(str(tmp_path / "catalog.db"))
    with database.writing() as connection:
        state = snapshot(model("1", "m"), at=AT)
        record(connection, Poll("infomaniak", AT, 100, Outcome.FIRST, payload(), state), {})
        record(connection, Poll("infomaniak", AT, 100, Outcome.HELD, candidate="c"), {})
    steps = [_steps(database)]
    with database.writing() as connection:
        for _ in range(1000):
            record(connection, Poll("infomaniak", AT, 100, Outcome.UNCHANGED), {})
    steps.append(_steps(database))
    database.close()
    assert steps[1] <= 1.1 * steps[0]


@pytest.mark.long
def test_a_past_state_costs_the_same_after_years(tmp_path: Path) -> None:
    """The cost of a past state does not depend on the number of later changes."""
    database = Database(str(tmp_path / "catalog.db"))
    steps = []
    for number in range(201):
        at = AT + timedelta(hours=number)
        others = (model(str(key), f"m{key}") for key in range(2, 31))
        state = snapshot(model("1", "m", version=str(number)), *others, at=at)
        with database.writing() as connection:
            came = Poll("infomaniak", at, 100, Outcome.FIRST, payload(), state)
            record(connection, came, {})
        if number in {10, 200}:
            asked = [_asked(database, when) for when in (1, number // 2, number)]
            steps.append(max(asked))
    database.close()
    assert steps[1] <= 1.2 * steps[0]


def _asked(database: Database, number: int) -> int:
    """Count SQLite instructions to read one snapshot, in tens."""
    counted: list[None] = []
    with database.reading() as connection:
        raw = _raw(connection)
        raw.set_progress_handler(lambda: counted.append(None), 10)
        assert len(history.snapshot(connection, number).models) == 30
        raw.set_progress_handler(None, 0)
    return len(counted)


def _steps(database: Database) -> int:
    """Count SQLite instructions for the queries of one poll, in tens."""
    counted: list[None] = []
    with database.reading() as connection:
        raw = _raw(connection)
        raw.set_progress_handler(lambda: counted.append(None), 10)
        history.baseline(connection, "infomaniak")
        polls.unwell(connection, "infomaniak")
        polls.held_in_a_row(connection, "infomaniak", "c", AT, timedelta(0))
        raw.set_progress_handler(None, 0)
    return len(counted)


def _raw(connection: Transaction) -> Any:
    return connection.connection.driver_connection
