"""One database file replaced by another, while no process has it open. The old one is kept.

SQLite applies a journal to whatever file has the name of the database. So the journal of the old
database is rolled back into it, or removed where that fails, before the new file gets the name.
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
from catalog.store.backup import opened

BESIDE = ("-journal", "-wal", "-shm")
"""What SQLite may leave beside a database: the name of the database, and this."""
_PROCESSES = Path("/proc")
_PAUSE = 0.05
# The bytes that SQLite locks on every system: whoever reads or writes has one of them.
_LOCKED_FROM, _LOCKED_BYTES = 0x40000000, 512
_STOP = "Stop it (`systemctl stop catalog` stops the service), and restore again."


def swap(new: Path, file: Path, kept: Path, wait: float) -> tuple[Path, ...]:
    """Rename `new` over `file`; return the copies of the old files, the first one named `kept`.

    Killed at any point, `file` is the old database or the new one. `wait` is in seconds. Raise
    DatabaseBusy where a process has the database open for longer, StoreError, OSError or
    sqlite3.Error.
    """
    if not file.exists():
        copies = _keep(None, file, kept)
        _rename(new, file)
        return copies
    if not file.is_file():
        raise StoreError(f"{file} is no regular file", hint="Name another file by --database.")
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
    """Give a file the mode of another one, and its owner where this user may do that."""
    known = like.stat()
    new.chmod(known.st_mode & 0o666)
    with suppress(PermissionError):
        os.chown(new, known.st_uid, known.st_gid)


def flush(place: Path) -> None:
    """Wait until a file or the names in a folder are on the disk."""
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
    """Raise DatabaseBusy where a process of this machine has the file open, idle or not.

    SQLite's locks show only those that read or write now. Processes are seen on Linux only, those
    of other users by root only.
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
    """Take every lock that SQLite has on a file, without a look into it."""
    try:
        fcntl.lockf(old, fcntl.LOCK_EX | fcntl.LOCK_NB, _LOCKED_BYTES, _LOCKED_FROM)
    except BlockingIOError as error:
        what = f"{file} is held by a process that is not seen from here"
        raise DatabaseBusy(what, hint=_STOP) from error


def _keep(old: BinaryIO | None, file: Path, kept: Path) -> tuple[Path, ...]:
    """Copy the database and what is beside it, as they are.

    The database is read through the descriptor that has the lock: to close another one would
    release it.
    """
    made = list[Path]()
    try:
        if old is not None:
            _copy(old, kept, file)
            made.append(kept)
        for suffix in BESIDE:
            beside = Path(f"{file}{suffix}")
            if beside.is_file():
                with beside.open("rb") as stream:
                    _copy(stream, Path(f"{kept}{suffix}"), beside)
                made.append(Path(f"{kept}{suffix}"))
        flush(file.parent)
    except BaseException:
        _remove(made)
        raise
    return tuple(made)


def _copy(stream: BinaryIO, copy: Path, like: Path) -> None:
    with copy.open("xb") as written:  # what has the name already stays
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
    """Hold the old database without a journal; where SQLite cannot open it, hold it as it is."""
    with opened(file, wait=wait) as connection:
        try:
            connection.execute("PRAGMA journal_mode = DELETE")  # ends a write-ahead log too
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
                raise DatabaseBusy(f"{file} is held by another process", hint=_STOP) from error
            raise
        except sqlite3.DatabaseError:  # damaged, as a database that is replaced often is
            connection.close()
            _lock(old, file)  # closing released it
        yield


def _rename(new: Path, file: Path) -> None:
    for suffix in BESIDE:
        Path(f"{file}{suffix}").unlink(missing_ok=True)
    new.replace(file)
    flush(file.parent)


def _empty(old: BinaryIO) -> None:
    """Let a process that waits for the old file find no table in it, so that it fails to write.

    Its journal would have the name of the new file's journal. A hard link keeps the old content.
    """
    if os.fstat(old.fileno()).st_nlink == 0:
        old.truncate(0)
