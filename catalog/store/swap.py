"""Replace one database file with another that no process uses.

The old database is kept. SQLite applies a journal to any file with the name of the database, so the
old journal is rolled back, or removed if that fails, before the new file gets the name.
"""

import fcntl
import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from catalog.core.errors import DatabaseBusy, StoreError
from catalog.core.waiting import waiting
from catalog.store.backup import opened

BESIDE = ("-journal", "-wal", "-shm")
"""The suffixes of files that SQLite leaves beside a database."""
_PROCESSES = Path("/proc")
_PAUSE = 0.05
# The bytes that SQLite locks on every system. Each reader or writer locks one byte.
_LOCKED_FROM, _LOCKED_BYTES = 0x40000000, 512
_STOP = "Stop that process (`systemctl stop catalog` stops the service), then restore again."


def swap(new: Path, file: Path, kept: Path, wait: float) -> tuple[Path, ...]:
    """Rename `new` over `file` and return the copies of the old files.

    The first copy is `kept`. If the process is killed at any point, `file` is the old or the new
    database. `wait` is in seconds. Raise DatabaseBusy if a process has the database open for
    longer. Also raise StoreError, OSError and sqlite3.Error.
    """
    if not file.exists():
        copies = _keep(None, file, kept)
        _rename(new, file)
        return copies
    if not file.is_file():
        raise StoreError(f"{file} is not a regular file", hint="Name another file with --database.")
    with waiting(f"{file}, which another process uses, at most {wait:g} s"):
        _retry(lambda: _refuse_users(file), wait)
    with file.open("r+b", buffering=0) as old:
        _retry(lambda: _lock(old, file), wait)
        copies = _keep(old, file, kept)
        try:
            with _rolled_back(old, file, wait):
                _rename(new, file)
                _empty(old)
        except BaseException:
            is_old = os.path.samestat(file.stat(), os.fstat(old.fileno()))
            _remove(copies if is_old else ())
            raise
    return copies


def own(new: Path, like: Path) -> None:
    """Copy the mode of another file, and its owner if permitted."""
    known = like.stat()
    new.chmod(known.st_mode & 0o666)
    with suppress(PermissionError):
        os.chown(new, known.st_uid, known.st_gid)


def flush(place: Path) -> None:
    """Flush a file or the names in a folder to the disk."""
    descriptor = os.open(place, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _retry(attempt: Callable[[], None], wait: float) -> None:
    end = time.monotonic() + wait
    while True:
        try:
            return attempt()
        except DatabaseBusy:
            if time.monotonic() > end:
                raise
        time.sleep(_PAUSE)


def _refuse_users(file: Path) -> None:
    """Raise DatabaseBusy if a process has the file open, even idle.

    SQLite's locks only show active readers and writers. Processes are visible on Linux only. Only
    root sees those of other users.
    """
    for process in _PROCESSES.glob("[0-9]*"):
        if process.name != str(os.getpid()) and _has_open(process, file):
            with suppress(OSError):
                name = Path(process, "comm").read_text(encoding="utf-8", errors="replace").strip()
                what = f"{file} is open in process {process.name} ({name})"
                raise DatabaseBusy(what, hint=_STOP)


def _has_open(process: Path, file: Path) -> bool:
    with suppress(OSError):
        for descriptor in Path(process, "fd").iterdir():
            with suppress(OSError):
                if descriptor.samefile(file):
                    return True
    return False


def _lock(old: BinaryIO, file: Path) -> None:
    """Take every SQLite lock on a file, without opening a database."""
    try:
        fcntl.lockf(old, fcntl.LOCK_EX | fcntl.LOCK_NB, _LOCKED_BYTES, _LOCKED_FROM)
    except BlockingIOError as error:
        what = f"{file} is locked by a process that is not visible here, perhaps of another user"
        raise DatabaseBusy(what, hint=_STOP) from error


def _keep(old: BinaryIO | None, file: Path, kept: Path) -> tuple[Path, ...]:
    """Copy the database and the files beside it unchanged.

    The locked descriptor is used, because closing another descriptor would release the lock.
    """
    copies = list[Path]()
    try:
        if old is not None:
            _copy(old, kept, file)
            copies.append(kept)
        for suffix in BESIDE:
            beside = Path(f"{file}{suffix}")
            if beside.is_file():
                with beside.open("rb") as stream:
                    _copy(stream, Path(f"{kept}{suffix}"), beside)
                copies.append(Path(f"{kept}{suffix}"))
        flush(file.parent)
    except BaseException:
        _remove(copies)
        raise
    return tuple(copies)


def _copy(stream: BinaryIO, copy: Path, like: Path) -> None:
    with copy.open("xb") as written:  # "x", because existing files must stay
        try:
            shutil.copyfileobj(stream, written)
            own(copy, like)
            written.flush()
            os.fsync(written.fileno())
        except BaseException:
            copy.unlink()
            raise


def _remove(copies: "tuple[Path, ...] | list[Path]") -> None:
    for copy in copies:
        copy.unlink(missing_ok=True)


@contextmanager
def _rolled_back(old: BinaryIO, file: Path, wait: float) -> Iterator[None]:
    """Lock the old database without its journal, even if it is damaged."""
    with opened(file, wait=wait) as connection:
        try:
            connection.execute("PRAGMA journal_mode = DELETE")  # also ends a write-ahead log
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
                raise DatabaseBusy(f"{file} is locked by another process", hint=_STOP) from error
            raise
        except sqlite3.DatabaseError:  # because a damaged file is a usual reason to restore
            connection.close()
            _lock(old, file)  # because closing released the lock
        yield


def _rename(new: Path, file: Path) -> None:
    for suffix in BESIDE:
        Path(f"{file}{suffix}").unlink(missing_ok=True)
    new.replace(file)
    flush(file.parent)


def _empty(old: BinaryIO) -> None:
    """Empty the old file, so that waiting processes cannot write.

    Its journal would have the name of the new file's journal. A file with a hard link keeps its
    content.
    """
    if os.fstat(old.fileno()).st_nlink == 0:
        old.truncate(0)
