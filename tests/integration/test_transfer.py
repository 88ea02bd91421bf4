"""An export goes from SQLite to PostgreSQL and back without a byte lost."""

from pathlib import Path

import pytest

from catalog.cli.demo import demo
from catalog.poll import Outcome, Poll
from catalog.store import history
from catalog.store.database import Database
from catalog.store.prune import prune
from catalog.store.record import record
from catalog.store.transfer import export, load
from catalog.store.verify import verify
from tests.builders import AT, model, payload, snapshot
from tests.postgresql import new_database


def lines(database: Database) -> list[bytes]:
    """Export a database."""
    with database.reading() as connection:
        return [f"{line}\n".encode() for line in export(connection)]


def moved(exported: list[bytes], database: Database) -> Database:
    """Import into a database."""
    with database.writing() as connection:
        load(connection, exported)
    return database


@pytest.mark.xdist_group("postgresql")
def test_from_one_server_to_another_and_back(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The demo's database goes to PostgreSQL and back, verifies, and can be written on with."""
    folder = tmp_path_factory.mktemp("moved")
    demo.callback(folder / "demo")  # type: ignore[misc]  # click's own command
    first = lines(Database(str(folder / "demo" / "catalog.db")))
    server = Database(new_database(tmp_path_factory.getbasetemp() / "postgresql"))
    assert lines(moved(first, server)) == first
    assert lines(moved(first, Database(str(folder / "back.db")))) == first
    with server.writing() as connection:
        state = snapshot(model("1", "new"), at=AT)
        poll = Poll("infomaniak", AT, 5, Outcome.CHANGED, payload(), state)
        assert record(connection, poll, {}) == 6
        assert [check.bad for check in verify(connection)] == [None] * 5
        assert prune(connection, AT.replace(year=2036)).bodies == 5
        assert history.baseline(connection, "infomaniak").number == 6
    second = lines(server)
    assert lines(moved(second, Database(str(folder / "again.db")))) == second
    server.close()


def test_an_empty_database_is_exported_too(tmp_path: Path) -> None:
    """Its export is one line, and goes into another empty one."""
    one, two = Database(str(tmp_path / "1.db")), Database(str(tmp_path / "2.db"))
    with one.writing():
        pass
    (header,) = lines(one)
    assert lines(moved([header], two)) == [header]
    one.close()
    two.close()
