"""The quick check of a database file."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from catalog.store import pages
from catalog.store.pages import check_pages, glance
from tests.support.rig import lay_database


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Make a database with enough rows for an unfinished check."""
    made = lay_database(tmp_path)
    with closing(sqlite3.connect(made)) as connection, connection:
        rows = ((f"{number:064x}", 1, b"") for number in range(5000))
        connection.executemany("insert into payload (sha256, size, body) values (?, ?, ?)", rows)
    return made


def test_a_sound_file_is_seen_whole(file: Path) -> None:
    """A file of usual size is checked as a whole in the available time."""
    assert glance(file, 60) == ("all", None)


def test_a_check_ends_when_its_time_is_over(file: Path) -> None:
    """A check without time reports a part and no damage."""
    assert glance(file, 0) == ("part", None)


def enlarge(file: Path) -> None:
    """Enlarge a file beyond a whole check.

    It gets no rows and uses no disk space.
    """
    with file.open("ab") as stream:
        stream.truncate(pages.SMALL + 1)


def test_a_large_file_is_sampled(file: Path) -> None:
    """A check of all its pages would take longer than the rest of the command."""
    enlarge(file)
    assert glance(file) == ("part", None)
    assert glance(file, 0) == ("part", None)


def test_damage_to_a_large_file_is_found(file: Path) -> None:
    """Rows from random places are read, so most damage to pages is found in time."""
    size = file.stat().st_size
    with file.open("r+b") as stream:
        stream.seek(size // 2)
        stream.write(b"\xff" * (size - size // 2))
    enlarge(file)
    extent, damage = glance(file, 60)
    assert (extent, damage) == ("part", "database disk image is malformed")


def test_a_file_that_cannot_be_opened_is_no_damage(file: Path) -> None:
    """A locked file is not damage."""
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("begin exclusive")
        assert glance(file, wait=0) == ("none", None)


def test_a_reference_that_leads_nowhere_is_damage(file: Path) -> None:
    """A reference to no row is damage, even if each page is sound."""
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(
            "insert into finding (poll_id, provider, rule, level, fingerprint)"
            " values (9, 'p', 'r', 'info', 'f')"
        )
    assert glance(file, 60) == ("all", "row 1 of finding refers to a missing poll")
    with closing(sqlite3.connect(file)) as connection, pytest.raises(sqlite3.DatabaseError):
        check_pages(connection, file)


def test_an_index_that_lacks_a_row_is_damage(file: Path) -> None:
    """An index that lacks a row is damage, because queries would miss the row."""
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("create index odd on payload (size)")
        connection.execute("pragma writable_schema = on")
        edit = (
            "update sqlite_master set sql = replace(sql, '(size)', '(sha256)') where name = 'odd'"
        )
        connection.execute(edit)
    assert str(glance(file, 60)[1]).startswith("row 1 missing from index odd")
