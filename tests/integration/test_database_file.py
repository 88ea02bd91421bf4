"""The database file: its creation, and its replacement during use."""

import os
import shutil
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from catalog.core.errors import StoreError
from catalog.store import migrate
from catalog.store.database import Database
from catalog.store.driver import REVISIONS
from tests.support.checkout import ROOT
from tests.support.database import make
from tests.support.odd_files import bound_socket, device
from tests.support.shell import SECONDS, Shell

ROW = "insert into payload (sha256, size, body) values ('aa', 1, x'00')"


@pytest.mark.parametrize("known", [False, True])
def test_an_empty_file_is_refused(tmp_path: Path, known: bool) -> None:
    """A file that was emptied is refused, before or after it was opened."""
    path = tmp_path / "a.db"
    database = make(path) if known else Database(str(path))
    kept = path.read_bytes() if known else b""
    path.write_bytes(b"")
    for way in (database.reading, database.writing, Database(str(path)).writing):
        with pytest.raises(StoreError, match=r"a\.db is an empty file") as caught, way():
            raise AssertionError("unreachable: there is nothing in it")
        assert "`catalog db restore FILE` restores a backup" in caught.value.hint
    assert path.stat().st_size == 0
    if known:
        path.write_bytes(kept)
    else:
        path.unlink()
    with database.writing() as connection:
        connection.execute(text(ROW))
    database.close()


@pytest.mark.parametrize(
    ("odd", "said"),
    [
        (os.mkfifo, "it is not a regular file but a pipe"),
        (bound_socket, "it is not a regular file but a socket"),
        (device, "it is not a regular file but a device"),
        (Path.mkdir, "Is a directory"),
    ],
)
def test_a_database_that_is_no_file_is_named(
    tmp_path: Path, odd: Callable[[Path], object], said: str
) -> None:
    """A pipe, a socket, a device or a folder is no database that was emptied."""
    path = tmp_path / "odd"
    odd(path)
    database = Database(str(path))
    for way in (database.reading, database.writing):
        with pytest.raises(StoreError) as caught, way():
            raise AssertionError("unreachable: it is no file")
        assert str(caught.value) == f"cannot read {path}: {said}"


@pytest.mark.parametrize("how", ["moved", "copied", "removed"])
def test_a_file_that_is_replaced_is_the_one_in_use(tmp_path: Path, how: str) -> None:
    """After the file is replaced, an open process uses the new file."""
    path, backup = tmp_path / "a.db", tmp_path / "b.db"
    database = make(path)
    shutil.copy(path, backup)
    with database.writing() as connection:
        connection.execute(text(ROW))
    if how == "moved":
        backup.replace(path)
    elif how == "copied":
        shutil.copy(backup, path)
    else:
        path.unlink()
    with database.writing() as connection:
        assert connection.scalar(text("select count(*) from payload")) == 0
        connection.execute(text(ROW))
    database.close()
    with closing(sqlite3.connect(path)) as seen:
        assert seen.execute("select count(*) from payload").fetchone() == (1,)


def test_a_backup_of_an_older_version_is_upgraded_in_its_place(tmp_path: Path) -> None:
    """After an error the schema is checked again, and a damaged file can be replaced."""
    path = tmp_path / "a.db"
    database = make(path)
    old = create_engine(f"sqlite:///{tmp_path / 'old.db'}")
    migrate.upgrade(old, "0001")
    old.dispose()
    path.write_bytes(path.read_bytes()[:20_000])
    count = text("select count(*) from model_version")
    with pytest.raises(StoreError, match="malformed"), database.writing() as connection:
        connection.execute(count)
    (tmp_path / "old.db").replace(path)
    with database.writing() as connection:
        assert connection.scalar(text("select version_num from alembic_version")) == REVISIONS[-1]
    database.close()


@pytest.mark.long
def test_a_first_run_that_is_killed_leaves_no_empty_file(tmp_path: Path) -> None:
    """A first run that is killed at any statement leaves no file or a whole one."""
    for number in range(1, 60, 6):
        path = tmp_path / str(number) / "a.db"
        with Shell(ROOT).python(
            "-m", "tests.support.kill_at_statement", path, str(number)
        ) as running:
            running.communicate(timeout=SECONDS)
        assert running.returncode == -signal.SIGKILL
        assert not path.exists() or path.stat().st_size > 0
        make(path).close()


def test_a_file_behind_a_link_is_made_where_the_link_points(tmp_path: Path) -> None:
    """A database behind a link is created at the link's target."""
    (tmp_path / "a.db").symlink_to(tmp_path / "b.db")
    make(tmp_path / "a.db").close()
    assert (tmp_path / "a.db").is_symlink()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.db", "b.db"]


def test_a_new_database_is_filled_whole_or_not_made(tmp_path: Path) -> None:
    """A new database appears only if filling it succeeds."""
    path = tmp_path / "new" / "a.db"
    database = Database(str(path))
    with pytest.raises(ValueError, match="cut short"), database.filling():
        raise ValueError("cut short")
    assert list(path.parent.iterdir()) == []
    with database.filling() as connection:
        connection.execute(text(ROW))
        assert not path.exists()
    for _ in range(2):  # an existing database is filled too
        with database.filling() as connection:
            assert connection.scalar(text("select count(*) from payload")) == 1
    assert list(path.parent.iterdir()) == [path]


def test_a_database_that_came_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    """A database created by another process meanwhile is kept, and filling fails."""
    path = tmp_path / "a.db"
    with (
        pytest.raises(StoreError, match=r"a\.db was created by another process"),
        Database(str(path)).filling(),
        make(path).writing() as connection,
    ):
        connection.execute(text(ROW))
    assert list(tmp_path.iterdir()) == [path]
    with Database(str(path)).reading() as connection:
        assert connection.scalar(text("select count(*) from payload")) == 1


def test_an_error_while_filling_names_the_database(tmp_path: Path) -> None:
    """An error during filling names the database, not its temporary file."""
    path = tmp_path / "a.db"
    with (
        pytest.raises(StoreError, match=r"^[^ ]*/a\.db: no such table: none"),
        Database(str(path)).filling() as connection,
    ):
        connection.execute(text("select * from none"))


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    """A file in place of the database's folder is an error."""
    (tmp_path / "a").write_bytes(b"")
    with (
        pytest.raises(StoreError, match=r"a/b/a\.db: .*Not a directory|File exists"),
        Database(str(tmp_path / "a" / "b" / "a.db")).filling(),
    ):
        raise AssertionError("unreachable: there is no database")
