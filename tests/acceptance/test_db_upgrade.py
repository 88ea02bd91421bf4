"""Upgrading a database of the first version, also if it is interrupted."""

import shutil
import sqlite3
import zlib
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from catalog.core.errors import StoreError
from catalog.store import migrate
from catalog.store.bodies import read
from catalog.store.database import Database
from catalog.store.driver import REVISIONS
from catalog.store.polls import bodies
from tests.support.checkout import ROOT
from tests.support.shell import SECONDS, Shell

TABLES = ("payload", "snapshot", "model_version", "poll", "finding", "change", "delivery")
KILLS = 8


@pytest.fixture(scope="module")
def old(demo: Shell, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a database of the first migration with the demo's rows."""
    file = tmp_path_factory.mktemp("old") / "catalog.db"
    engine = create_engine(f"sqlite:///{file}")
    migrate.upgrade(engine, REVISIONS[0])
    engine.dispose()
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("attach ? as demo", (str(demo.folder / "demo" / "catalog.db"),))
        for table in TABLES:
            said = connection.execute("select name from pragma_table_info(?, 'main')", (table,))
            columns = ", ".join(f'"{name}"' for (name,) in said)
            # The names are those of our own tables and of their columns.
            query = f"insert into main.{table} select {columns} from demo.{table}"  # noqa: S608
            connection.execute(query)
        # Schema 0001 had whole bodies, without differences.
        whole = [(zlib.compress(body, 9), each) for each, body in sent(demo).items()]
        connection.executemany("update payload set body = ? where sha256 = ?", whole)
    return file


def sent(demo: Shell) -> dict[str, bytes]:
    """Return the bodies of the demo as they were sent."""
    file = demo.folder / "demo" / "catalog.db"
    with closing(Database(str(file))) as database, database.reading() as connection:
        return {each: read(connection, each) for each in bodies(connection)}


@pytest.fixture
def own(old: Path, tmp_path: Path) -> Path:
    """Give a copy of the old database, to do anything with."""
    return Path(shutil.copy(old, tmp_path))


def dump(file: Path) -> list[str]:
    """Return every table and row of a database."""
    with closing(sqlite3.connect(file)) as connection:
        return list(connection.iterdump())


def beside(file: Path) -> Path:
    """Return the path of the backup of a database."""
    return file.with_name(f"catalog.db.before-{REVISIONS[-1]}")


def opened(file: Path, kill_at: int = 0) -> tuple[int, str]:
    """Upgrade a database in a new process, and optionally kill it.

    Return its exit code and output.
    """
    with Shell(ROOT).python("-m", "tests.support.kill_at_statement", file, str(kill_at)) as running:
        out, _ = running.communicate(timeout=SECONDS)
    return running.returncode, out


def test_an_upgrade_keeps_the_old_state_beside_it(own: Path, shell: Shell, demo: Shell) -> None:
    """The backup equals the old database, and the upgrade changes bodies and links only."""
    before = dump(own)
    ran = shell("--database", own, "db", "upgrade")
    assert ran.lines == [
        f"{own} upgraded from schema 0001 to {REVISIONS[-1]}",
        f"the state before is in {beside(own)}",
    ]
    assert f"a copy of the old database is {beside(own)}" in ran.err
    assert dump(beside(own)) == before
    seen = shell("--database", own, "db", "verify").lines
    assert seen[:-1] == demo("db", "verify").lines[:-1]
    assert seen[-1].startswith("chain of infomaniak        5  ok ")
    # An earlier version did not store the missing models of a held answer.
    exported, made = (
        [line for line in ran.lines if '"missing_model"' not in line]
        for ran in (shell("--database", own, "db", "export"), demo("db", "export"))
    )
    lines = zip(exported, made, strict=True)
    differing = [before for before, after in lines if before != after]
    assert len(differing) == 10
    assert all('"base_sha256":null' in line or '"notes":null' in line for line in differing)
    again = shell("--database", own, "db", "upgrade")
    assert again.lines == [f"{own} is up to date: schema {REVISIONS[-1]}"]


def test_any_command_upgrades_by_itself(own: Path, shell: Shell) -> None:
    """Any command of a new version upgrades the database, with a backup and one line."""
    ran = shell("--database", own, "snapshots")
    assert len(ran.lines) == 6
    assert ran.err.count("\n") == 1
    assert f"upgraded from 0001 to {REVISIONS[-1]}; a copy of the old database is" in ran.err
    assert beside(own).exists()


def test_a_new_database_needs_no_backup(shell: Shell) -> None:
    """A new database gets no backup, and upgrading a missing one is an error."""
    assert "there is no database" in shell("--database", "a.db", "db", "upgrade", code=6).err
    lines = shell("--database", "sqlite://", "db", "export").out.encode()
    shell("--database", "a.db", "db", "import", "-", stdin=lines)
    assert list(shell.files()) == ["a.db"]


@pytest.fixture(scope="module")
def statements(old: Path, tmp_path_factory: pytest.TempPathFactory) -> int:
    """Count the statements of an undisturbed upgrade."""
    return int(opened(Path(shutil.copy(old, tmp_path_factory.mktemp("count"))))[1])


@pytest.mark.long
@pytest.mark.parametrize("part", range(1, KILLS + 1))
def test_an_upgrade_killed_anywhere_leaves_the_old_state(
    own: Path, statements: int, part: int
) -> None:
    """After SIGKILL at any statement the old state is there, and the next run upgrades it."""
    before = dump(own)
    assert opened(own, statements * part // KILLS)[0] == -9
    with closing(sqlite3.connect(own)) as connection:
        (revision,) = connection.execute("select version_num from alembic_version").fetchone()
    # The last statement is after the commit.
    assert dump(own) == before or (part == KILLS and revision == REVISIONS[-1])
    assert opened(own)[0] == 0
    assert dump(beside(own)) == before
    assert dump(own) != before


def test_a_migration_that_fails_leaves_the_old_state(own: Path) -> None:
    """A failed migration leaves the database unchanged and gives the reason."""
    with closing(sqlite3.connect(own)) as connection, connection:
        connection.execute("alter table snapshot add column chain varchar")
    before = dump(own)
    with (
        pytest.raises(StoreError, match="duplicate column name: chain"),
        Database(str(own)).reading(),
    ):
        raise AssertionError("unreachable: it cannot be upgraded")
    assert dump(own) == before
    assert dump(beside(own)) == before


def test_without_a_backup_there_is_no_upgrade(own: Path) -> None:
    """An upgrade without a writable backup fails and changes nothing."""
    before = dump(own)
    beside(own).mkdir()
    with pytest.raises(StoreError, match="could not be copied to"):
        Database(str(own)).upgrade()
    assert dump(own) == before
    assert sorted(path.name for path in own.parent.iterdir()) == [own.name, beside(own).name]


def test_two_that_upgrade_at_once_keep_the_old_state(own: Path) -> None:
    """Of two concurrent upgrades both succeed, and the backup keeps the old state."""
    before = dump(own)
    with ExitStack() as stack:
        starts = (
            Shell(ROOT).python("-m", "tests.support.kill_at_statement", own, "0") for _ in range(2)
        )
        both = [stack.enter_context(start) for start in starts]
        said = [each.communicate(timeout=SECONDS)[1] for each in both]
    assert [each.returncode for each in both] == [0, 0], said
    assert dump(beside(own)) == before
