"""Replace the database with a backup, verified before and after."""

import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import URL, create_engine

from catalog.core.errors import DatabaseTooNew, NotFound, SettingsInvalid, StoreError
from catalog.store import migrate
from catalog.store.backup import count_rows, opened
from catalog.store.database import Database
from catalog.store.driver import REVISIONS
from catalog.store.pages import check_pages
from catalog.store.swap import BESIDE, flush, own, swap
from catalog.store.text_values import other_program
from catalog.store.verify import verify

WAIT = 2.0
"""Seconds to wait for another process. A pass needs milliseconds."""
_MAGIC = b"SQLite format 3\0"
_UNCHANGED = "Nothing was changed. Name another backup; `catalog db backup` makes and checks one."


@dataclass(frozen=True, slots=True)
class Restored:
    """Result of a restore: rows by table, schema, copies of old files."""

    rows: dict[str, int]
    revision: str
    kept: tuple[Path, ...]


def restore(source: Path, target: Path, now: datetime, *, wait: float = WAIT) -> Restored:
    """Replace a database with a backup.

    If the process is killed at any point, the database is the old or the restored one. `wait` is in
    seconds. Raise SettingsInvalid, NotFound or StoreError.
    """
    file = Path(os.path.realpath(target))
    try:
        _check_source(source, file)
        file.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(f"-{file.name}.tmp", ".", file.parent) as scratch:
            new = Path(scratch, "restored.db")
            rows, revision = _checked(source, new)
            own(new, file if file.exists() else new)
            flush(new)
            kept = swap(new, file, _free_name(file, now), wait)
        _check_again(file, kept)
    except (OSError, sqlite3.Error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise StoreError(f"{source} could not be restored to {target}: {reason}") from error
    return Restored(rows, revision, kept)


def _check_source(source: Path, file: Path) -> None:
    if not source.exists():
        raise NotFound(f"there is no file {source}", hint=_UNCHANGED)
    if not source.is_file():
        raise SettingsInvalid(f"{source} is not a regular file", hint=_UNCHANGED)
    if file.exists() and source.samefile(file):
        raise SettingsInvalid(f"{source} is the database itself", hint=_UNCHANGED)
    with source.open("rb") as stream:
        if stream.read(len(_MAGIC)) != _MAGIC:
            raise StoreError(f"{source} is not an SQLite database", hint=_UNCHANGED)


def _checked(source: Path, new: Path) -> tuple[dict[str, int], str]:
    """Copy and check a backup, and return its rows and schema.

    A journal beside the backup is copied too and applied to the copy.
    """
    for suffix in ("", *BESIDE):
        if Path(f"{source}{suffix}").is_file():
            shutil.copyfile(f"{source}{suffix}", f"{new}{suffix}")
    try:
        with opened(new) as connection:
            connection.execute("PRAGMA journal_mode = DELETE")
            check_pages(connection, new)
            rows = count_rows(connection)
            revision = _revision(connection, source, rows)
    except sqlite3.Error as error:
        raise StoreError(f"{source} is damaged: {error}", hint=_UNCHANGED) from error
    _verify(_up_to_date(new, revision), source)
    return rows, revision


def _revision(connection: sqlite3.Connection, source: Path, rows: dict[str, int]) -> str:
    if "alembic_version" not in rows:
        raise StoreError(other_program(str(source), rows), hint=_UNCHANGED)
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    revision = str(row and row[0])
    if revision not in REVISIONS:
        raise DatabaseTooNew(
            f"{source} has schema {revision[:20]}, this version supports at most {REVISIONS[-1]}"
        )
    return revision


def _up_to_date(new: Path, revision: str) -> Path:
    if revision == REVISIONS[-1]:
        return new
    copy = new.with_name("upgraded.db")
    shutil.copyfile(new, copy)
    engine = create_engine(URL.create("sqlite", database=str(copy)))
    migrate.upgrade(engine)
    engine.dispose()
    return copy


def _verify(new: Path, source: Path) -> None:
    with closing(Database(str(new), upgrades=False)) as database, database.reading() as connection:
        bad = next((check.bad for check in verify(connection) if check.bad), None)
    if bad is not None:
        raise StoreError(f"{source} fails verification: {bad}", hint=_UNCHANGED)


def _free_name(file: Path, now: datetime) -> Path:
    name = f"{file.name}.replaced-{now:%Y%m%dT%H%M%SZ}"
    taken = {path.name for path in file.parent.iterdir()}
    number = 1
    free = name
    while any(f"{free}{suffix}" in taken for suffix in ("", *BESIDE)):
        number += 1
        free = f"{name}-{number}"
    return file.with_name(free)


def _check_again(file: Path, kept: tuple[Path, ...]) -> None:
    """Check the restored database, because a disk can lose data."""
    try:
        with opened(file) as connection:
            check_pages(connection, file)
    except sqlite3.Error as error:
        old = f" The old one is kept: {', '.join(map(str, kept))}." if kept else ""
        hint = f"Restore another backup.{old}"
        raise StoreError(f"{file} is damaged after the restore: {error}", hint=hint) from error
