"""Bodies as differences, when others are pruned or all are exported."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from catalog.core.errors import StoreError
from catalog.store.database import Database
from catalog.store.prune import prune
from catalog.store.transfer import export, load
from tests.support.body_series import assert_read, base, count, damage, drop, poll, series, states
from tests.support.builders import AT
from tests.support.database import HOUR

WHOLE = "select count(*) from payload where body is not null and base_sha256 is null"

BASED = "select count(*) from payload where body is not null and base_sha256 is not null"


def test_pruning_a_difference_leaves_the_others(database: Database) -> None:
    """After pruning a difference, the others keep their base and read back unchanged."""
    answers = series(database, 10)
    drop(database, answers[4], answers[5])
    assert {base(database, each) for each in answers[6:]} == {answers[0].digest}
    assert_read(database, *answers[:4], *answers[6:])


def test_pruned_from_the_beginning(database: Database) -> None:
    """Pruning drops old bodies, even if all later ones are differences to them."""
    answers = series(database, 10)
    with database.writing() as connection:
        assert prune(connection, AT + 7 * HOUR - timedelta(minutes=1)).bodies == 6
    assert (count(database, WHOLE), count(database, BASED)) == (1, 3)
    assert_read(database, *answers[6:])


def test_a_body_that_was_pruned_comes_back(database: Database) -> None:
    """A pruned body that returns is stored as a difference to the current one."""
    answers = series(database, 6)
    drop(database, *answers[:3])
    poll(database, 6, answers[1].body)
    assert base(database, answers[1]) == (base(database, answers[5]) or answers[5].digest)
    then = poll(database, 7, states(7)[6])
    assert base(database, then) == base(database, answers[1])
    assert_read(database, answers[1], *answers[3:], then)


def test_pruning_refuses_to_lose_differences_to_a_damaged_body(database: Database) -> None:
    """A difference to a damaged base is not pruned, because a backup may repair the base."""
    answers = series(database, 4)
    damage(database, answers[0])
    with pytest.raises(StoreError, match=r"the body of payload \w+ cannot be read"):
        drop(database, answers[0])
    assert base(database, answers[2]) == answers[0].digest


@pytest.fixture
def other() -> Iterator[Database]:
    """Make an empty database in memory."""
    made = Database("sqlite://")
    yield made
    made.close()


def test_differences_go_through_an_export(database: Database, other: Database) -> None:
    """An export with a body before its base imports to the same rows."""
    answers = series(database, 16)
    drop(database, answers[1])
    with database.reading() as connection:
        lines = list(export(connection))
    with other.writing() as connection:
        load(connection, (line.encode() for line in lines))
    assert_read(other, answers[0], *answers[2:])
    with other.reading() as connection:
        assert list(export(connection)) == lines
