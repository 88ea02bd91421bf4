"""Replacing a database file: refusals, and the files left after them."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from catalog.changes.poll import Outcome
from catalog.core.errors import DatabaseBusy, StoreError
from catalog.core.snapshot import Snapshot
from catalog.store import swap
from catalog.store.database import Database
from catalog.store.restore import restore
from catalog.store.tally import sums
from catalog.store.verify import verify
from tests.support.builders import AT, model, snapshot
from tests.support.database import save
from tests.support.rig import lay_database

NOW = datetime(2026, 1, 1, tzinfo=UTC)
STATE: Snapshot = snapshot(model("1"), at=AT)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a database with a backup `kept.db` in its folder."""
    made = lay_database(tmp_path)
    shutil.copy(made, tmp_path / "kept.db")
    return made


def names(file: Path) -> list[str]:
    """Return the names of the files in the folder."""
    return sorted(path.name for path in file.parent.iterdir())


def test_a_lock_of_a_process_that_is_not_seen_is_met(file: Path) -> None:
    """SQLite's own lock counts if its process is invisible, as in another container."""
    code = "import signal, sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None); "
    code += "c.execute('begin immediate'); print(flush=True); signal.pause()"
    line = [sys.executable, "-c", code, str(file)]
    with subprocess.Popen(line, stdout=subprocess.PIPE) as other, file.open("r+b") as old:
        assert other.stdout
        other.stdout.readline()
        try:
            with pytest.raises(DatabaseBusy, match="not visible here"):
                swap._lock(old, file)
        finally:
            other.send_signal(signal.SIGKILL)


def test_a_process_that_comes_between_the_locks(file: Path) -> None:
    """The restore waits for a process that comes between the locks, then it is refused."""
    with closing(sqlite3.connect(file, isolation_level=None)) as other, file.open("r+b") as old:
        other.execute("begin immediate")
        with (
            pytest.raises(DatabaseBusy, match="locked by"),
            swap._rolled_back(old, file, 0),
        ):
            raise AssertionError("unreachable: it is held")


def test_a_file_that_cannot_be_opened_is_no_damaged_one(file: Path) -> None:
    """A file that cannot be opened is an error and is not replaced."""
    Path(f"{file}-journal").mkdir()
    before = file.read_bytes()
    with pytest.raises(StoreError, match=r"disk I/O error|unable to open"):
        restore(file.with_name("kept.db"), file, NOW)
    assert file.read_bytes() == before
    assert names(file) == ["catalog.db", "catalog.db-journal", "kept.db"]


def test_a_value_counts_alike_on_every_database() -> None:
    """Equal values have equal digest sums on PostgreSQL and SQLite."""
    days = [sums("note", [(1, day)]) for day in (date(2026, 1, 1), "2026-01-01")]
    flags = [sums("probe", [(1, flag)]) for flag in (True, 1)]
    assert days[0] == days[1]
    assert flags[0] == flags[1]
    assert sums("note", [(1, b"a")]) != sums("note", [(1, "a")]) != sums("note", [(1, "b")])


def test_a_swap_that_fails_leaves_the_old_database_and_no_copy(file: Path) -> None:
    """A failed swap leaves the old database and no copy."""
    before = names(file)
    with pytest.raises(FileNotFoundError):
        swap.swap(file.with_name("none.db"), file, file.with_name("copy"), 0)
    assert names(file) == before
    taken = file.with_name("copy-journal")
    taken.write_text("mine")
    Path(f"{file}-journal").write_bytes(b"\0")
    with pytest.raises(FileExistsError):
        swap.swap(file.with_name("kept.db"), file, file.with_name("copy"), 0)
    assert taken.read_text() == "mine"
    assert names(file) == sorted([*before, "catalog.db-journal", "copy-journal"])


def test_a_copy_that_cannot_be_finished_goes(file: Path) -> None:
    """An incomplete copy is deleted, because it looks like the old database."""
    with file.open("rb") as stream, pytest.raises(FileNotFoundError):
        swap._copy(stream, file.with_name("half"), file.with_name("gone"))
    assert "half" not in names(file)


def test_two_restores_in_a_second_keep_both_files(file: Path) -> None:
    """Each copy has a name of its own."""
    kept = file.with_name("kept.db")
    first, second = (restore(kept, file, NOW).kept for _ in range(2))
    assert [path.name for path in (*first, *second)] == [
        "catalog.db.replaced-20260101T000000Z",
        "catalog.db.replaced-20260101T000000Z-2",
    ]


def test_a_folder_that_cannot_be_made_is_an_error(file: Path) -> None:
    """A folder that cannot be created is an error with both files."""
    with pytest.raises(StoreError, match=r"kept\.db could not be restored to /proc/x/y\.db: "):
        restore(file.with_name("kept.db"), Path("/proc/x/y.db"), NOW)


def test_damage_after_a_restore_is_reported(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A restore to a disk that loses data is an error with the copies of the old files."""
    rename = Path.replace

    def lose(path: Path, target: Path) -> Path:
        os.truncate(path, 5000)
        return rename(path, target)

    monkeypatch.setattr(Path, "replace", lose)
    with pytest.raises(StoreError, match="is damaged after the restore") as caught:
        restore(file.with_name("kept.db"), file, NOW)
    assert "catalog.db.replaced-20260101T000000Z" in caught.value.hint


@pytest.mark.parametrize("edit", ["digest = 'zz'", "row_count = 'x'", "digest = null"])
def test_a_tally_that_cannot_be_read_stops_no_poll(file: Path, edit: str) -> None:
    """A broken tally stops no poll, and verify still reports the edit."""
    database = Database(str(file))
    save(database, 0, STATE, outcome=Outcome.FIRST)
    with database.writing() as connection:
        if "null" in edit:
            connection.execute(text("update poll set error = x'00'"))
        else:
            connection.execute(text(f"update tally set {edit}"))  # noqa: S608  # our own words
    save(database, 1, outcome=Outcome.FAILED)
    with database.reading() as connection:
        assert "poll 0 to 99: " in str([str(each.bad) for each in verify(connection)])
    database.close()
