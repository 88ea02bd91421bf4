"""Faults of what the program writes to: its database, its document, and the disk below both."""

import os
import shutil
import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext, suppress
from pathlib import Path
from random import Random

from catalog.store.backup import copy
from catalog.store.database import BUSY_TIMEOUT
from tests.campaign.network import HISTORY
from tests.campaign.passes import Worker
from tests.campaign.result import Result, compare
from tests.campaign.stage import Stage, staged
from tests.campaign.story import DAY, PASSES, START, Around, Left, play

NOBODY = 65534
"""A user id without rights: root may write whatever the permissions say."""
SIZE = 2_000_000
"""Of the small disk, in bytes: a multiple of what the recorded history takes."""
FREE = (0, 8_192, 32_768, 49_152)
"""What the first passes of a day find free, in bytes: nothing, and less than they need."""


def first_pass(around: Callable[[int], AbstractContextManager[None]]) -> Around:
    """Let a fault hold in the first pass of each day but the first one."""
    return lambda day, number: around(day) if day and not number else nullcontext()


def disk_full(folder: Path, worker: Worker, reference: Left) -> Result:
    """Fill a disk of its own, which holds the database and the document."""
    with staged(folder, worker, HISTORY) as stage:
        return _full("disk full", stage, stage.disk, "StoreError", reference)


def document_disk_full(folder: Path, worker: Worker, reference: Left) -> Result:
    """Fill a disk of its own, which holds the document alone."""
    with staged(folder, worker, HISTORY) as stage:
        place = stage.document.parent
        return _full("document's disk full", stage, place, "DocumentError", reference)


def _full(name: str, stage: Stage, place: Path, expected: str, reference: Left) -> Result:
    with small_disk(place) as refused:
        if refused:
            return Result(name, untried=refused)

        @contextmanager
        def full(free: int) -> Iterator[None]:
            filler = place / "filler"
            fill(filler, free)
            try:
                yield
            finally:
                filler.unlink()

        def around(day: int, number: int) -> AbstractContextManager[None]:
            return full(FREE[number]) if day and number < len(FREE) else nullcontext()

        play(stage, around, passes=PASSES + len(FREE))
        return compare(name, stage, reference, expected=expected)


@contextmanager
def small_disk(place: Path) -> Iterator[str]:
    """Mount a small disk; give the reason where this may not be done."""
    place.mkdir(exist_ok=True)
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
            with closing(sqlite3.connect(stage.database, check_same_thread=False)) as other:
                other.execute("BEGIN IMMEDIATE")
                free = threading.Timer(seconds, other.rollback)
                free.start()
                # A pass waits for half a minute; then the next one does.
                while free.is_alive():
                    stage.run(START + DAY)
                free.join()
            yield

        play(stage, lambda day, number: held() if (day, number) == (1, 0) else nullcontext())
        expected = "DatabaseBusy" if seconds > BUSY_TIMEOUT else ""
        return compare(f"database locked for {seconds:g} s", stage, reference, expected=expected)


def truncated(dice: Random, folder: Path, worker: Worker, reference: Left) -> Result:
    """Cut the database off somewhere; nothing may be told by it, until a backup is put back."""
    with staged(folder, worker, HISTORY) as stage:

        @contextmanager
        def cut(_day: int) -> Iterator[None]:
            kept = stage.folder / "backup.db"
            copy(stage.database, kept)
            os.truncate(stage.database, dice.randrange(1, stage.database.stat().st_size))
            try:
                yield
            finally:
                kept.replace(stage.database)

        play(stage, first_pass(cut))
        note = "a backup put back each time"
        return compare("database truncated", stage, reference, expected="StoreError", note=note)
