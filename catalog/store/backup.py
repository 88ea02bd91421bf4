"""Copy an SQLite database consistently and check the copy."""

import os
import secrets
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from catalog.core.errors import StoreError
from catalog.core.waiting import waiting
from catalog.store.driver import held

if TYPE_CHECKING:
    from catalog.store.database import Database

WAIT = 30.0
"""Seconds to wait for a process that writes."""
TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"


def copy(source: Path, target: Path) -> dict[str, int]:
    """Copy a database to a private file and return rows by table.

    The copy is checked and its rows are counted before it replaces the target. Raise StoreError if
    that fails. The target is then unchanged.
    """
    try:
        # The copy is closed before `fresh` flushes and renames it.
        with fresh(target) as place, opened(source) as old, closing(sqlite3.connect(place)) as new:
            rows = _copy(old, new)
            _check(new, rows)
    except (sqlite3.Error, OSError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise StoreError(f"{source} could not be copied to {target}: {reason}") from error
    return rows


@contextmanager
def fresh(target: Path) -> Iterator[Path]:
    """Yield a private file, then flush and rename it to `target`."""
    temporary = target.with_name(f".{target.name}-{secrets.token_hex(4)}.tmp")
    os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def opened(file: Path, *, wait: float = WAIT) -> Iterator[sqlite3.Connection]:
    """Open an existing database file without a schema upgrade."""
    address = f"file:{quote(os.fsencode(file.absolute()))}?mode=rw"
    connection = sqlite3.connect(address, uri=True, timeout=wait, isolation_level=None)
    with waiting(held(file.absolute())), closing(connection):
        yield connection


@contextmanager
def copied(database: "Database") -> Iterator["Database"]:
    """Yield a read-only copy of an SQLite file, removed afterwards.

    Use it for reads that take minutes, because a long transaction would block polls. A server or a
    database in memory is yielded itself. Raise StoreError.
    """
    if database.file is None:
        yield database
        return
    with database.reading():
        pass  # because it explains what is wrong with a database
    with tempfile.TemporaryDirectory(prefix="catalog-") as folder:
        place = Path(folder) / "catalog.db"
        try:
            with opened(database.file) as old, closing(sqlite3.connect(place)) as new:
                new.execute("PRAGMA synchronous = OFF")
                old.backup(new)
        except sqlite3.Error as error:
            raise StoreError(f"{database.place} could not be copied: {error}") from error
        from catalog.store.database import Database  # slow to load

        yield Database(str(place), upgrades=False, writes=False)


def _copy(old: sqlite3.Connection, new: sqlite3.Connection) -> dict[str, int]:
    """Count and copy in one transaction, because other processes may write meanwhile."""
    new.execute("PRAGMA synchronous = OFF")  # because `fresh` flushes the file once
    old.execute("BEGIN")
    rows = count_rows(old)
    old.backup(new)
    old.execute("ROLLBACK")
    return rows


def _check(new: sqlite3.Connection, rows: dict[str, int]) -> None:
    (result,) = new.execute("PRAGMA integrity_check(1)").fetchone()
    if result != "ok":
        raise sqlite3.DatabaseError(f"the copy is damaged, so the database may be too: {result}")
    if count_rows(new) != rows:
        raise sqlite3.DatabaseError("rows are missing in the copy")


def count_rows(connection: sqlite3.Connection) -> dict[str, int]:
    """Return the number of rows of each table."""
    names = [name for (name,) in connection.execute(TABLES)]
    return {name: _count(connection, name) for name in names}


def _count(connection: sqlite3.Connection, table: str) -> int:
    query = f'SELECT count(*) FROM "{table}"'  # noqa: S608  # the name is from the database
    (count,) = connection.execute(query).fetchone()
    return int(count)
