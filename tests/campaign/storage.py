"""Faults of what the program writes to: its database, its document, and the disk below both."""

import os
import shutil
import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext, suppress
from pathlib import Path

from tests.campaign.network import HISTORY
from tests.campaign.passes import Worker
from tests.campaign.result import Result, compare
from tests.campaign.stage import Stage, staged
from tests.campaign.story import Left, play

NOBODY = 65534
"""A user id without rights: root may write whatever the permissions say."""
SIZE = 2_000_000
"""Of the small disk, in bytes: a multiple of what the recorded history takes."""
FREE = (0, 8_192, 40_960, 0)
"""What each fault of the day leaves free, in bytes: nothing, and less than a pass needs."""


def first_pass(around: Callable[[int], AbstractContextManager[None]], count: int = 1) -> Callable[
    [int, int], AbstractContextManager[None]
]:
    """Let a fault hold in the first passes of each day but the first one."""
    return lambda day, number: around(day) if day and number < count else nullcontext()


def disk_full(folder: Path, worker: Worker, reference: Left) -> Result:
    """Fill a disk of its own, which holds the database and the document."""
    with staged(folder, worker, HISTORY) as stage, small_disk(stage.disk) as refused:
        if refused:
            return Result("disk full", outcomes=_none(), untried=refused)
        filler = stage.disk / "filler"

        @contextmanager
        def full(day: int) -> Iterator[None]:
            fill(filler, FREE[day % len(FREE)])
            try:
                yield
            finally:
                filler.unlink()

        play(stage, first_pass(full))
        return compare("disk full", stage, reference, expected="StoreError")


@contextmanager
def small_disk(place: Path) -> Iterator[str]:
    """Mount a small disk; give the reason where this may not be done."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=755", "tmpfs", str(place)]
    if shutil.which("mount") is None:
        yield "there is no command to mount a small disk"
        return
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        yield "mounting a small disk wants more rights"
        return
    try:
        yield ""
    finally:
        subprocess.run(["umount", str(place)], check=True)


def fill(filler: Path, free: int) -> None:
    """Write until the disk is full, then give so many bytes back."""
    with filler.open("wb", buffering=0) as file:
        with suppress(OSError):
            while file.write(b"\0" * 4096):
                pass
        file.truncate(max(0, file.tell() - free))


def read_only_database(folder: Path, worker: Worker, reference: Left) -> Result:
    """Take the right to write from the database and its folder."""
    name = "database read-only"
    return _without_rights(name, lambda s: (s.database, s.disk), folder, worker, reference)


def read_only_document(folder: Path, worker: Worker, reference: Left) -> Result:
    """Take the right to write from the document's folder."""
    name = "document's folder read-only"
    return _without_rights(name, lambda s: (s.document.parent,), folder, worker, reference)


def _without_rights(
    name: str,
    which: Callable[[Stage], tuple[Path, ...]],
    folder: Path,
    worker: Worker,
    reference: Left,
) -> Result:
    with staged(folder, worker, HISTORY) as stage:
        user = {"user": NOBODY} if os.geteuid() == 0 else {}
        if user:
            os.chown(stage.disk, NOBODY, NOBODY)

        @contextmanager
        def taken(_day: int) -> Iterator[None]:
            modes = {path: path.stat().st_mode for path in which(stage)}
            for path, mode in modes.items():
                path.chmod(mode & ~0o222)
            try:
                yield
            finally:
                for path, mode in modes.items():
                    path.chmod(mode)

        play(stage, first_pass(taken), **user)
        expected = "DocumentError" if name.startswith("document") else "StoreError"
        note = "passes of a user without rights" if user else ""
        return compare(name, stage, reference, expected=expected, note=note)


def no_document_folder(folder: Path, worker: Worker, reference: Left) -> Result:
    """Delete the document with its folder before each new state."""
    with staged(folder, worker, HISTORY) as stage:

        @contextmanager
        def deleted(_day: int) -> Iterator[None]:
            shutil.rmtree(stage.document.parent)
            yield

        play(stage, first_pass(deleted))
        return compare("document's folder gone", stage, reference)


def locked(seconds: float, folder: Path, worker: Worker, reference: Left) -> Result:
    """Let another process hold the database, as a writer, once for so long in real time."""
    with staged(folder, worker, HISTORY) as stage:

        @contextmanager
        def held() -> Iterator[None]:
            isolation = {"isolation_level": None, "check_same_thread": False}
            with closing(sqlite3.connect(stage.database, **isolation)) as other:  # type: ignore[call-overload]  # the stubs want each by itself
                other.execute("BEGIN IMMEDIATE")
                freed = threading.Timer(seconds, other.rollback)
                freed.start()
                # A pass waits for half a minute; one after the other, until it is let through.
                at = _moment(stage)
                while freed.is_alive():
                    stage.run(at)
                freed.join()
                yield

        play(stage, lambda day, number: held() if (day, number) == (1, 0) else nullcontext())
        expected = "DatabaseBusy" if seconds > BUSY else ""
        return compare(f"database locked for {seconds:g} s", stage, reference, expected=expected)
