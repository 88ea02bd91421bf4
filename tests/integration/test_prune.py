"""The effect of pruning, and the rows that it must keep."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from catalog.changes.incident import Trouble
from catalog.changes.poll import Outcome, Poll
from catalog.core.errors import DatabaseBusy, StoreError, Unreachable
from catalog.core.payload import NotModified, Validators
from catalog.core.snapshot import Snapshot
from catalog.store import history, polls
from catalog.store.backup import opened
from catalog.store.database import Database
from catalog.store.prune import Pruned, prune, vacuum
from catalog.store.record import record
from catalog.store.verify import verify
from tests.support.builders import AT, finding, model, payload, snapshot
from tests.support.rig import lay_database

NAME = "infomaniak"
MIDNIGHT = AT.replace(hour=0, minute=0, second=0)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FIRST, SECOND, HELD, BAD = b"first", b"second", b"held", b"bad"
ALL = MIDNIGHT + 1000 * DAY


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """Make an empty database."""
    made = Database(str(lay_database(tmp_path)))
    yield made
    made.close()


def poll(
    database: Database,
    at: float,
    outcome: Outcome,
    content: bytes | None = None,
    state: Snapshot | None = None,
    **more: Any,
) -> None:
    """Record a poll some hours after the first midnight. Without content it is a 304."""
    when = MIDNIGHT + at * HOUR
    answer = payload(content, when) if content else NotModified(NAME, "u", when)
    made = replace(Poll(NAME, when, 5, outcome, answer, state), **more)
    with database.writing() as connection:
        record(connection, made, {})


def ask(database: Database, sql: str) -> list[object]:
    """Query one column with plain SQL."""
    with database.reading() as connection:
        return list(connection.execute(text(sql)).scalars())


def pruned(database: Database, hours: float) -> Pruned:
    """Prune everything not needed since some hours after the first midnight."""
    with database.writing() as connection:
        return prune(connection, MIDNIGHT + hours * HOUR)


def hours_of(database: Database) -> list[int]:
    """Return the hour of the day of each poll, the oldest first."""
    with database.reading() as connection:
        return [each.started_at.hour for each in polls.newest_first(connection, NAME)][::-1]


def bodies(database: Database) -> list[object]:
    """Return the digests of the payloads that have a body."""
    return ask(database, "select sha256 from payload where body is not null order by sha256")


def digests(*contents: bytes) -> list[str]:
    """Return the digests of these bodies, in order."""
    return sorted(payload(content).digest for content in contents)


def test_a_body_stays_while_it_is_needed(database: Database) -> None:
    """A body's age starts when it is replaced, and the current and the newest body stay."""
    poll(database, 0, Outcome.FIRST, FIRST, snapshot(model("1"), at=MIDNIGHT))
    poll(database, 1, Outcome.INVALID, BAD)
    poll(database, 100, Outcome.CHANGED, SECOND, snapshot(model("2"), at=MIDNIGHT))
    poll(database, 101, Outcome.HELD, HELD, candidate="c")
    assert pruned(database, 1) == Pruned(0, 4, 0, 4)
    assert pruned(database, 100) == Pruned(1, 4, 0, 4)
    assert bodies(database) == digests(FIRST, SECOND, HELD)
    assert pruned(database, 1000) == Pruned(1, 3, 0, 4)
    assert bodies(database) == digests(SECOND, HELD)
    assert ask(database, "select count(*) from payload where size > 0") == [4]


def test_a_body_that_comes_again_is_kept_again(database: Database) -> None:
    """A pruned body that the provider sends again is stored again."""
    poll(database, 0, Outcome.FIRST, FIRST, snapshot(model("1"), at=MIDNIGHT))
    poll(database, 1, Outcome.CHANGED, SECOND, snapshot(model("2"), at=MIDNIGHT))
    pruned(database, 1000)
    assert bodies(database) == digests(SECOND)
    poll(database, 2, Outcome.CHANGED, FIRST, snapshot(model("1"), at=MIDNIGHT))
    assert bodies(database) == digests(FIRST, SECOND)
    with database.reading() as connection:
        assert [check.bad for check in verify(connection) if check.bad] == []


def test_polls_that_say_the_same_thin_out(database: Database) -> None:
    """The first and last poll of a day and of each series stay."""
    poll(database, 0, Outcome.FIRST, FIRST, snapshot(model("1"), at=MIDNIGHT))
    for hour in range(1, 72):
        if hour in {30, 31, 32, 40}:
            poll(database, hour, Outcome.UNCHANGED, FIRST)
        else:
            poll(database, hour, Outcome.FAILED, answer=None, error=Unreachable("gone"))
    poll(database, 72, Outcome.UNCHANGED, FIRST)
    assert pruned(database, 48) == Pruned(0, 1, 36, 73)
    assert hours_of(database) == [
        *(0, 1, 23),
        *(0, 5, 6, 8, 9, 15, 16, 17, 23),
        *(*range(24), 0),
    ]
    assert pruned(database, 48).polls == 0


def test_the_data_for_the_next_poll_stays(database: Database) -> None:
    """Baseline, validators, trouble since the last accepted poll and held rows are as before."""
    poll(database, 0, Outcome.FIRST, FIRST, snapshot(model("1"), at=MIDNIGHT))
    poll(database, 1, Outcome.HELD, HELD, candidate="c")
    for hour in range(2, 6):
        answer = replace(payload(FIRST), validators=Validators(f'"{hour}"'))
        poll(database, hour, Outcome.UNCHANGED, answer=answer)
    poll(database, 6, Outcome.UNCHANGED, SECOND)
    poll(database, 7, Outcome.UNCHANGED)
    poll(database, 8, Outcome.UNCHANGED)
    for hour in range(9, 15):
        poll(database, hour, Outcome.FAILED, answer=None, error=Unreachable("gone"))

    def known() -> tuple[object, ...]:
        with database.reading() as connection:
            held = polls.held_in_a_row(connection, NAME, "c", ALL, HOUR)
            unwell = polls.unwell(connection, NAME)
            return history.baseline(connection, NAME), unwell, held

    before = known()
    assert pruned(database, 1000).polls == 3
    assert known() == before
    assert hours_of(database) == [0, 1, 2, 5, 6, 8, *range(9, 15)]


def test_polls_that_found_something_stay(database: Database) -> None:
    """A poll with a finding or with the current validators stays."""
    poll(database, 0, Outcome.FIRST, FIRST, snapshot(model("1"), at=MIDNIGHT))
    found = (finding(Trouble("stale", "old")),)
    for hour in range(1, 8):
        reported = found if hour == 4 else ()
        poll(
            database, hour, Outcome.FAILED, answer=None, error=Unreachable("no"), findings=reported
        )
    poll(database, 8, Outcome.UNCHANGED, findings=found)
    answer = replace(payload(FIRST), validators=Validators('"new"'))
    poll(database, 9, Outcome.UNCHANGED, answer=answer)
    poll(database, 10, Outcome.UNCHANGED)
    poll(database, 11, Outcome.UNCHANGED)
    pruned(database, 1000)
    assert hours_of(database) == [0, 1, 4, 7, 8, 9, 11]


def test_a_pruned_file_is_smaller(database: Database, tmp_path: Path) -> None:
    """Pruning shrinks the file, and an invalid file is an error."""
    for number in range(50):
        body = bytes(range(number, number + 200)) * 3
        poll(database, number, Outcome.INVALID, body)
    before = (tmp_path / "catalog.db").stat().st_size
    pruned(database, 1000)
    database.close()
    vacuum(tmp_path / "catalog.db")
    assert (tmp_path / "catalog.db").stat().st_size < before
    (tmp_path / "none.db").write_bytes(b"no database" * 100)
    with pytest.raises(StoreError, match="the file could not be shrunk: file is not a database"):
        vacuum(tmp_path / "none.db")


def test_a_file_that_is_held_cannot_be_made_smaller(database: Database, tmp_path: Path) -> None:
    """A locked file is reported after the wait."""
    poll(database, 0, Outcome.FIRST, FIRST, snapshot(model("1"), at=MIDNIGHT))
    with opened(tmp_path / "catalog.db") as other:
        other.execute("begin immediate")
        with pytest.raises(DatabaseBusy, match="is locked"):
            vacuum(tmp_path / "catalog.db", wait=0.02)
