"""`catalog db restore`: a backup replaces the database."""

import json
import os
import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from catalog.store import migrate
from catalog.store.backup import copy
from catalog.store.driver import REVISIONS
from tests.support.checkout import ROOT
from tests.support.shell import SECONDS, Shell

pytestmark = pytest.mark.long
DATABASE = "demo/catalog.db"
REPLACED = "catalog.db.replaced-*"


def dump(file: Path) -> list[str]:
    """Return every table and row of a database."""
    with closing(sqlite3.connect(file)) as connection:
        return list(connection.iterdump())


def hot(file: Path) -> Path:
    """Kill a process inside a transaction and return its journal."""
    with Shell(ROOT).python("-m", "tests.support.hot_journal", file) as running:
        assert running.wait(SECONDS) == -9
    journal = Path(f"{file}-journal")
    assert journal.stat().st_size > 0
    return journal


def moved(file: Path) -> None:
    """Change a database so that its page layout differs from a backup."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("delete from change where id > 20")
        connection.commit()
        connection.execute("vacuum")


@pytest.fixture
def backed(own_demo: Shell) -> Shell:
    """Give a demo with a backup, and a database that changed since."""
    copy(own_demo.folder / DATABASE, own_demo.folder / "kept.db")
    moved(own_demo.folder / DATABASE)
    return own_demo


def replaced(shell: Shell) -> list[Path]:
    """Return the kept copies of replaced databases."""
    return sorted((shell.folder / "demo").glob(REPLACED))


def test_a_journal_destroys_a_backup_that_is_copied_by_hand(backed: Shell) -> None:
    """A leftover journal corrupts a hand-copied backup, unless it is moved away first."""
    file = backed.folder / DATABASE
    journal = hot(file)
    aside = journal.rename(journal.with_suffix(".aside"))
    shutil.copy(backed.folder / "kept.db", file)
    backed("db", "verify")
    aside.rename(journal)
    assert "malformed" in backed("status", code=6).err


def test_a_restored_backup_is_safe_from_a_left_journal(backed: Shell) -> None:
    """The database is the backup, it verifies, and the old one is kept with its journal."""
    file, kept = backed.folder / DATABASE, backed.folder / "kept.db"
    journal = hot(file)
    before = file.read_bytes(), journal.read_bytes()
    ran = backed("db", "restore", "kept.db")
    assert dump(file) == dump(kept)
    assert backed("db", "verify").code == 0
    assert not journal.exists()
    old, of_old = replaced(backed)
    assert (old.read_bytes(), of_old.read_bytes()) == before
    assert of_old.name == f"{old.name}-journal"
    assert ran.lines[0].startswith(f"{file}: restored from kept.db, 158 rows in ")
    assert ran.lines[0].endswith(", verified")
    assert ran.lines[1:3] == [f"kept: {old}", f"kept: {of_old}"]
    assert " status`" in ran.lines[3]


def test_a_replaced_database_is_restored_with_its_journal(backed: Shell) -> None:
    """Restoring a kept copy applies its journal and leaves the copy unchanged."""
    file = backed.folder / DATABASE
    backed("db", "restore", "kept.db")
    before = dump(file)
    moved_pages = dump(replaced(backed)[0])
    hot(file)
    backed("db", "restore", "kept.db")
    second = next(path for path in replaced(backed) if Path(f"{path}-journal").exists())
    untouched = second.read_bytes()
    backed("db", "restore", second)
    assert dump(file) == before != moved_pages
    assert second.read_bytes() == untouched


@pytest.mark.parametrize("how", ["damaged", "empty", "no database", "gone", "write-ahead log"])
def test_whatever_is_in_place_of_the_database_is_replaced(backed: Shell, how: str) -> None:
    """A restore keeps and replaces a file that SQLite cannot open, and its journal."""
    file = backed.folder / DATABASE
    journal = hot(file)
    match how:
        case "damaged":
            file.write_bytes(os.urandom(50_000))
        case "empty":
            file.write_bytes(b"")
        case "no database":
            file.write_text("my notes")
        case "gone":
            file.unlink()
        case _:
            shutil.copy(backed.folder / "kept.db", file)
            journal.rename(f"{file}-wal")
            Path(f"{file}-shm").write_bytes(b"\0" * 32768)
    known = {path.name: path.read_bytes() for path in file.parent.glob("catalog.db*")}
    backed("db", "restore", "kept.db")
    assert dump(file) == dump(backed.folder / "kept.db")
    assert sorted(path.name for path in file.parent.glob("catalog.db-*")) == []
    suffixes = {
        path.name[len("catalog.db.replaced-20260101T000000Z") :] for path in replaced(backed)
    }
    assert suffixes == {name.removeprefix("catalog.db") for name in known}
    assert sorted(path.read_bytes() for path in replaced(backed)) == sorted(known.values())


@pytest.mark.parametrize("statement", ["select 1 from poll", "begin immediate"])
def test_it_is_refused_while_a_process_has_the_database(backed: Shell, statement: str) -> None:
    """An idle process counts too: it would write into the old file. Nothing is changed then."""
    before = backed.files()
    code = "import signal, sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None); "
    code += f"c.execute({statement!r}).fetchall(); print(flush=True); signal.pause()"
    with backed.python("-c", code, backed.folder / DATABASE) as other:
        assert other.stdout
        other.stdout.readline()
        try:
            ran = backed("db", "restore", "kept.db", code=6)
        finally:
            other.kill()
    assert f"{backed.folder / DATABASE} is open in process {other.pid} (python" in ran.err
    assert "systemctl stop catalog" in ran.err
    assert backed.files() == before
    backed("db", "restore", "kept.db")


def test_the_mode_of_the_database_stays(backed: Shell) -> None:
    """A restore keeps the mode, the owner and a symbolic link of the database."""
    file = backed.folder / DATABASE
    file.rename(file.with_name("real.db"))
    file.symlink_to("real.db")
    file.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(file, 1234, 1234)
    owner = file.stat().st_uid
    backed("db", "restore", "kept.db")
    known = file.stat()
    assert (stat.S_IMODE(known.st_mode), known.st_uid) == (0o640, owner)
    assert file.is_symlink()
    assert dump(file) == dump(backed.folder / "kept.db")


def test_a_hard_link_of_the_old_database_stays_as_it_is(backed: Shell) -> None:
    """Only a file that has no name any more is emptied."""
    file = backed.folder / DATABASE
    other = backed.folder / "other.db"
    other.hardlink_to(file)
    before = other.read_bytes()
    backed("db", "restore", "kept.db")
    assert other.read_bytes() == before


WRONG = {
    "nothing": (2, "there is no file kept.db"),
    "a folder": (2, "kept.db is not a regular file"),
    "a pipe": (2, "kept.db is not a regular file"),
    "text": (6, "kept.db is not an SQLite database"),
    "the database": (2, "kept.db is the database itself"),
    "no tables": (6, "kept.db has no tables, so it is not a database of this program"),
    "another program's": (6, "kept.db is another program's database: its tables are mine"),
    "cut short": (6, "kept.db is damaged: "),
    "of a newer version": (6, "kept.db has schema 9999, this version supports at most "),
    "edited": (6, "kept.db fails verification: model_version 9: "),
    "a lost reference": (6, "kept.db is damaged: row 2 of snapshot refers to a missing snapshot"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_file_that_is_not_a_backup_is_refused(backed: Shell, case: str) -> None:
    """A restore of an invalid backup explains the problem and changes nothing."""
    kept = backed.folder / "kept.db"
    spoil(case, kept, backed.folder / DATABASE)
    before = (backed.folder / DATABASE).read_bytes()
    names = sorted(path.name for path in (backed.folder / "demo").iterdir())
    code, output = WRONG[case]
    ran = backed("db", "restore", "kept.db", code=code)
    assert output in ran.err
    assert "hint: " in ran.err
    assert (backed.folder / DATABASE).read_bytes() == before
    assert sorted(path.name for path in (backed.folder / "demo").iterdir()) == names


def spoil(case: str, kept: Path, file: Path) -> None:
    """Make a backup into something else."""
    statements = {
        "of a newer version": "update alembic_version set version_num = '9999'",
        "edited": "update model_version set name = 'gamma' where id = 9",
        "a lost reference": "delete from snapshot where id = 1",
        "another program's": "create table mine (id integer)",
        "no tables": "pragma user_version = 1",
    }
    if case == "cut short":
        os.truncate(kept, 20_000)
        return
    if case not in {"of a newer version", "edited", "a lost reference"}:
        kept.unlink()
    match case:
        case "a folder":
            kept.mkdir()
        case "a pipe":
            os.mkfifo(kept)
        case "text":
            kept.write_text("my notes, long enough for a header")
        case "the database":
            kept.symlink_to(file)
    if case in statements:
        with closing(sqlite3.connect(kept)) as connection, connection:
            connection.execute(statements[case])


def test_a_server_is_not_restored(shell: Shell) -> None:
    """PostgreSQL has a command of its own."""
    ran = shell("--database", "postgresql+psycopg://x/y", "db", "restore", "k.db", code=2)
    assert "pg_restore" in ran.err


def test_a_folder_in_place_of_the_database_stays(backed: Shell) -> None:
    """A restore does not replace a folder."""
    (backed.folder / "odd").mkdir()
    ran = backed("--database", "odd", "db", "restore", "kept.db", code=6)
    assert f"{backed.folder}/odd is not a regular file" in ran.err


def test_a_backup_of_an_older_version_is_upgraded_by_the_next_command(backed: Shell) -> None:
    """An older backup is restored unchanged, and the next command upgrades it."""
    kept = backed.folder / "kept.db"
    kept.unlink()
    engine = create_engine(f"sqlite:///{kept}")
    migrate.upgrade(engine, "0009")
    engine.dispose()
    ran = backed("db", "restore", "kept.db")
    output = f"schema 0009: the next command upgrades it to {REVISIONS[-1]}"
    assert output in ran.lines
    assert ran.err == ""
    assert dump(backed.folder / DATABASE) == dump(kept)
    assert "upgraded from 0009" in backed("db", "verify").err


def test_a_restore_killed_at_any_line_leaves_the_old_database_or_the_restored_one(
    backed: Shell, tmp_path: Path
) -> None:
    """A restore killed at any line leaves the old or the new database, never a mixture."""
    template = tmp_path / "template"
    template.mkdir()
    shutil.copy(backed.folder / "kept.db", template)
    shutil.copy(backed.folder / DATABASE, template)
    hot(template / "catalog.db")
    with Shell(ROOT).python("-m", "tests.support.kill_swap", template) as running:
        out, err = running.communicate(timeout=10 * SECONDS)
    found = json.loads(out or "[]")
    assert len(found) > 30, err
    assert {each["ended"] for each in found} == {-9}
    left = [each["left"] for each in found]
    first = left.index("new")
    assert left == ["old"] * first + ["new"] * (len(left) - first)
    assert all(each["kept"] for each in found[first:])
    assert all(each["again"] for each in found)
