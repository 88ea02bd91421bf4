"""The upgrade gives each poll of a shared row its own."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from catalog.changes.poll import Outcome
from catalog.store.database import Database
from catalog.store.verify import verify
from tests.support.builders import AT, model, snapshot
from tests.support.database import save

ROWS = "select id, started_at, duration_ms from poll order by id"


def folded(folder: Path, earlier: str | bytes) -> Path:
    """Make a database with a shared row, as older versions did.

    Poll 7 has others in its `earlier`.
    """
    file = folder / "catalog.db"
    with closing(Database(str(file))) as database:
        save(database, 0, snapshot(model("1"), at=AT), outcome=Outcome.FIRST)
        for hour in range(1, 7):
            save(database, hour, outcome=Outcome.UNCHANGED)
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("drop table provider")
        connection.execute("alter table fast_path rename to rest")
        connection.execute("alter table poll add column earlier text")
        connection.execute("delete from poll where id in (5, 6)")
        connection.execute("update poll set earlier = ? where id = 7", (earlier,))
        connection.execute("update alembic_version set version_num = '0013'")
    return file


def upgraded(file: Path) -> tuple[list[tuple[object, ...]], list[str]]:
    """Upgrade a database and return its polls and its failed checks."""
    with closing(Database(str(file))) as database, database.reading() as connection:
        bad = [check.name for check in verify(connection) if check.bad]
        return [tuple(row) for row in connection.exec_driver_sql(ROWS)], bad


def test_polls_that_share_a_row_become_rows(tmp_path: Path) -> None:
    """After the upgrade each poll has its number, time and duration, and everything verifies."""
    file = folded(tmp_path, "3600:5 3600:5")
    rows, bad = upgraded(file)
    assert [row[0] for row in rows] == [*range(1, 8)]
    times = [str(row[1]) for row in rows]
    assert times == sorted(times)
    assert len({*times}) == 7
    assert bad == []


@pytest.mark.parametrize(
    "word",
    [
        *(
            "0:5:0",
            "0:99999999999999999999",
            "0:5:-3",
            "0:5:9",
            "-100:5",
            "0:5:3",
            "soon",
            "9" * 30,
        ),
        b"\xff\x00",
    ],
)
def test_an_edit_does_not_stop_the_upgrade(tmp_path: Path, word: str | bytes) -> None:
    """After an edit, the upgrade invents no poll, loses no row, and verify reports the edit."""
    rows, bad = upgraded(folded(tmp_path, word))
    assert [row[0] for row in rows] == [1, 2, 3, 4, 7]
    assert bad == ["polls"]
