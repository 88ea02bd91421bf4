"""Opening, upgrading, sharing and refusing a database."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from urllib.parse import quote

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text
from sqlmodel import SQLModel

from catalog.core.errors import DatabaseBusy, DatabaseTooNew, SettingsInvalid, StoreError
from catalog.store import migrate
from catalog.store.database import MEMORY, Database
from catalog.store.driver import REVISIONS
from tests.support.database import make
from tests.support.shell import Shell

ROW = "insert into payload (sha256, size, body) values ('aa', 1, x'00')"


def test_models_and_migrations_agree(tmp_path: Path) -> None:
    """The migrations build exactly the tables that the models describe."""
    database = make(tmp_path / "a.db")
    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []
    database.close()


def test_the_known_revisions_are_those_of_the_folder() -> None:
    """The program knows every migration, because an unknown one means a newer version."""
    script = ScriptDirectory.from_config(migrate.config())
    assert tuple(r.revision for r in script.walk_revisions())[::-1] == REVISIONS


def test_a_path_and_a_url_name_the_same_file(tmp_path: Path) -> None:
    """A path and a URL name the same database, even in a missing folder."""
    path = tmp_path / "new" / "100%2Fx?y" / "a.db"
    make(path).close()
    for name in (str(path), f"sqlite:///{quote(str(path))}"):
        database = Database(name)
        assert (database.file, database.place, database.exists) == (path, str(path), True)


def test_a_commit_stays_and_a_rollback_goes(tmp_path: Path) -> None:
    """`keep=False` and an error undo everything of a transaction."""
    database = make(tmp_path / "a.db")
    with database.writing(keep=False) as connection:
        connection.execute(text(ROW))
    with pytest.raises(StoreError, match="UNIQUE"), database.writing() as connection:
        connection.execute(text(f"{ROW}, ('aa', 1, x'00')"))
    with database.writing() as connection:
        assert connection.scalar(text("select count(*) from payload")) == 0
        connection.execute(text(ROW))
    with database.reading() as connection:
        assert connection.scalar(text("select count(*) from payload")) == 1
    database.close()


def test_memory_lives_as_long_as_the_database() -> None:
    """A database in memory keeps its rows from one transaction to the next."""
    database = Database(MEMORY)
    with database.writing() as connection:
        connection.execute(text(ROW))
    with database.reading() as connection:
        assert connection.scalar(text("select count(*) from payload")) == 1
    assert database.exists
    database.close()


def test_memory_outlives_an_error() -> None:
    """A database in memory keeps its rows after an error."""
    database = Database(MEMORY)
    with database.writing() as connection:
        connection.execute(text(ROW))
    with pytest.raises(StoreError, match="UNIQUE"), database.writing() as connection:
        connection.execute(text(ROW))
    with database.reading() as connection:
        assert connection.scalar(text("select count(*) from payload")) == 1
    database.close()


def test_a_database_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    """A database of a newer version is refused, and the hint names the upgrade."""
    path = tmp_path / "a.db"
    make(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("update alembic_version set version_num = '9999'")
    connection.close()
    with pytest.raises(DatabaseTooNew, match="9999, this version supports at most") as caught:
        make(path)
    assert "Upgrade" in caught.value.hint


def test_reading_makes_no_file(tmp_path: Path) -> None:
    """Reading a missing database is an error with a hint, and creates no file."""
    database = Database(str(tmp_path / "none.db"))
    with pytest.raises(StoreError, match="there is no database at") as caught, database.reading():
        raise AssertionError("unreachable: there is nothing to read")
    assert "catalog demo" in caught.value.hint
    assert list(tmp_path.iterdir()) == []
    database.close()


@pytest.mark.parametrize("content", [b"this is no database at all" * 100, b"SQLite format 3\0x"])
def test_a_file_that_is_no_database(tmp_path: Path, content: bytes) -> None:
    """A file that is not a database is named in the error and left unchanged."""
    path = tmp_path / "a.db"
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"a\.db"):
        make(path)
    assert path.read_bytes() == content


def test_the_size_of_a_database(database: Database) -> None:
    """The size of a database is known on SQLite and on PostgreSQL."""
    with database.writing():
        pass
    assert database.size >= 4096
    assert database.file is None or database.size == database.file.stat().st_size


def test_the_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    """A file with tables of another program is refused and not changed."""
    path = tmp_path / "app.db"
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE customers (id INTEGER)")
    before = path.read_bytes()
    reported = "is another program's database: its tables are customers"
    for upgrades in (True, False):
        with (
            pytest.raises(StoreError, match=reported),
            Database(str(path), upgrades=upgrades).reading(),
        ):
            pass
    assert path.read_bytes() == before


def test_a_dry_run_upgrades_nothing(tmp_path: Path) -> None:
    """Without permission to upgrade, an older database is refused and unchanged."""
    path = tmp_path / "a.db"
    old = create_engine(f"sqlite:///{path}")
    migrate.upgrade(old, "0001")
    old.dispose()
    before = path.read_bytes()
    reported = f"has schema 0001, this version needs {REVISIONS[-1]}; this command upgrades nothing"
    with pytest.raises(StoreError, match=reported), Database(str(path), upgrades=False).reading():
        pass
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["a.db"]


def test_processes_that_make_the_schema_at_once(new_url: str) -> None:
    """Several processes can create the schema at the same time."""
    databases = [Database(new_url) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(_use, databases)) == [REVISIONS[-1]] * 4


def _use(database: Database) -> str | None:
    with database.writing() as connection:
        found: str | None = connection.scalar(text("select version_num from alembic_version"))
    database.close()
    return found


def test_a_folder_in_the_place_of_the_file(tmp_path: Path) -> None:
    """A folder in place of the file is a StoreError with its path."""
    with pytest.raises(StoreError, match=str(tmp_path)):
        make(tmp_path)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """A file where a folder should be is a store error with the path."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"a\.db"):
        make(tmp_path / "file" / "a.db")


def test_a_path_that_cannot_be_looked_at(tmp_path: Path) -> None:
    """A path that is too long is named in the error."""
    with pytest.raises(StoreError, match="xxx"), Database(str(tmp_path / ("x" * 300))).reading():
        raise AssertionError("unreachable: there is no such database")


@pytest.mark.parametrize(
    "url", ["://", "nonsense://x/y", "oracle://u:secret-word@h/d", "sqlite:///x.db?timeout=abc"]
)
def test_a_url_that_cannot_be_used(url: str) -> None:
    """An invalid URL or a missing driver is a configuration error that hides the URL."""
    with pytest.raises(SettingsInvalid) as caught, Database(url).writing():
        raise AssertionError("unreachable: there is no such database")
    assert "secret-word" not in str(caught.value)


def test_the_password_of_a_url_is_not_shown() -> None:
    """The place of a database is shown without its password."""
    assert "word" not in Database("postgresql://me:word@localhost/d").place


def test_a_locked_database_is_reported_after_the_timeout(tmp_path: Path) -> None:
    """A locked database raises a retryable error after the timeout."""
    database = make(tmp_path / "a.db")
    other = Database(database.place, busy_timeout=0.02)
    with database.writing() as connection:
        connection.execute(text(ROW))
        with pytest.raises(DatabaseBusy, match=r"over 0\.02 s") as caught, other.writing():
            raise AssertionError("unreachable: the database is held")
    assert caught.value.retryable
    database.close()
    other.close()


def test_readers_are_not_held_up(tmp_path: Path) -> None:
    """While one process writes, others read the state before."""
    database, other = make(tmp_path / "a.db"), Database(str(tmp_path / "a.db"))
    with database.writing() as connection:
        connection.execute(text(ROW))
        with other.reading() as reader:
            assert reader.scalar(text("select count(*) from payload")) == 0
    database.close()
    other.close()


def test_an_open_database_is_one_file(tmp_path: Path) -> None:
    """Committed rows are in one file, so a reader without write access sees all of them."""
    database = make(tmp_path / "a.db")
    with database.writing() as connection:
        connection.execute(text(ROW))
    assert [path.name for path in tmp_path.iterdir()] == ["a.db"]
    reader = sqlite3.connect(f"file:{tmp_path / 'a.db'}?mode=ro&immutable=1", uri=True)
    assert reader.execute("select count(*) from payload").fetchone() == (1,)
    reader.close()
    database.close()


WRITER = """
import sys
from sqlalchemy import text
from catalog.store.database import Database
database = Database(sys.argv[1])
for _ in range(25):
    with database.writing() as connection:
        size = connection.scalar(text("select size from payload where sha256 = 'n'")) or 0
        connection.execute(text("delete from payload where sha256 = 'n'"))
        connection.execute(text(f"insert into payload (sha256, size) values ('n', {size + 1})"))
"""


def test_processes_on_one_file_lose_nothing(tmp_path: Path) -> None:
    """Four processes, which also race to make the schema, count to a hundred together."""
    path = tmp_path / "a.db"
    with ExitStack() as stack:
        starts = (Shell(tmp_path).python("-c", WRITER, path) for _ in range(4))
        writers = [stack.enter_context(start) for start in starts]
        output = [writer.communicate()[1] for writer in writers]
    assert output == [""] * 4
    connection = sqlite3.connect(path)
    assert connection.execute("select size from payload").fetchall() == [(100,)]
    connection.close()


def test_an_upgrade_that_breaks_a_reference_is_undone(tmp_path: Path) -> None:
    """After a migration every reference is checked, and foreign keys are on again."""
    database = make(tmp_path / "a.db")
    database.close()
    with sqlite3.connect(database.place) as connection:
        connection.execute("insert into snapshot values (1, 'p', '2026', 'd', 77, 0, '', null)")
    connection.close()
    engine = Database(database.place)._engine
    with pytest.raises(StoreError, match="refers to a missing one"):
        migrate.upgrade(engine)
    with engine.connect() as checked:
        assert checked.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    engine.dispose()


def test_an_invalid_file_fails_several_transactions(tmp_path: Path) -> None:
    """If several transactions start together, an invalid file is the same error as for one."""
    file = tmp_path / "it.db"
    file.write_bytes(b"no database at all, but long enough to be one" * 30)
    with pytest.raises(StoreError, match=r"it\.db"), Database(str(file)).together():
        pytest.fail("nothing is begun")
