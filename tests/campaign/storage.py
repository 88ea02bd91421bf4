"""Faults of storage: the database, the document, and their disk."""

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext, suppress
from dataclasses import replace
from pathlib import Path

from catalog.core.clock import now
from catalog.core.text import count
from catalog.store.backup import copy
from catalog.store.driver import BUSY_TIMEOUT
from catalog.store.restore import restore
from tests.campaign.history import DAY, PASSES, START, Around
from tests.campaign.result import Result, compare
from tests.campaign.scenario import Context
from tests.campaign.stage import Stage
from tests.support.checkout import ROOT

MOUNT, UMOUNT = (shutil.which(name) or "" for name in ("mount", "umount"))
NOBODY = 65534
"""A user id without rights, because root ignores permissions."""
SIZE = 2_000_000
"""Size of the small disk in bytes: several times that of the recorded history."""
FREE = (0, 8_192, 32_768, 49_152)
"""Free bytes in the first passes of a day, all less than a pass needs."""


def first_pass(around: Callable[[int], AbstractContextManager[None]]) -> Around:
    """Apply a fault in each day's first pass, except day one."""
    return lambda day, number: around(day) if day and not number else nullcontext()


def disk_full(context: Context) -> Result:
    """Fill a small disk that holds the database and the document."""
    with context.stage("disk-full") as stage:
        return _full("disk full", stage, stage.disk, "StoreError", context)


def document_disk_full(context: Context) -> Result:
    """Fill a small disk that holds only the document."""
    with context.stage("document-disk-full") as stage:
        place = stage.document.parent
        return _full("document's disk full", stage, place, "DocumentError", context)


def _full(name: str, stage: Stage, place: Path, expected: str, context: Context) -> Result:
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

        context.play(stage, around, passes=PASSES + len(FREE))
        return compare(name, stage, context.undisturbed, expected=expected)


@contextmanager
def small_disk(place: Path) -> Iterator[str]:
    """Mount a small disk. Yield the reason if that is not allowed."""
    place.mkdir(exist_ok=True)
    command = [MOUNT, "-t", "tmpfs", "-o", f"size={SIZE},mode=755", "tmpfs", str(place)]
    if not MOUNT:
        yield "there is no command to mount a small disk"
        return
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        yield "mounting a small disk wants more rights"
        return
    try:
        yield ""
    finally:
        subprocess.run([UMOUNT, str(place)], check=True)


def fill(filler: Path, free: int) -> None:
    """Fill the disk, then free some bytes."""
    with filler.open("wb", buffering=0) as file:
        with suppress(OSError):
            while file.write(b"\0" * 4096):
                pass
        file.truncate(max(0, file.tell() - free))


def read_only_database(context: Context) -> Result:
    """Make the database and its folder read-only."""
    name = "database read-only"
    return _without_rights(name, lambda it: (it.database, it.disk), "StoreError", context)


def read_only_document(context: Context) -> Result:
    """Make the document's folder read-only."""
    name = "document's folder read-only"
    return _without_rights(name, lambda it: (it.document.parent,), "DocumentError", context)


def _without_rights(
    name: str,
    which: Callable[[Stage], tuple[Path, ...]],
    expected: str,
    context: Context,
) -> Result:
    with context.stage(name.replace(" ", "-")) as stage:
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

        context.play(stage, first_pass(taken), **user)
        result = compare(name, stage, context.undisturbed, expected=expected)
        return replace(result, note="passes of a user without rights" if user else "")


def no_document_folder(context: Context) -> Result:
    """Delete the document with its folder before each new state."""
    with context.stage("document-gone") as stage:

        @contextmanager
        def deleted(_day: int) -> Iterator[None]:
            shutil.rmtree(stage.document.parent)
            yield

        context.play(stage, first_pass(deleted))
        return compare("document's folder gone", stage, context.undisturbed)


def locked(seconds: float, context: Context) -> Result:
    """Lock the database once from another process, in real time."""
    with context.stage("locked") as stage:

        @contextmanager
        def held() -> Iterator[None]:
            with closing(sqlite3.connect(stage.database, check_same_thread=False)) as other:
                other.execute("BEGIN IMMEDIATE")
                free = threading.Timer(seconds, other.rollback)
                free.start()
                # A pass waits for half a minute, then the next pass waits.
                while free.is_alive():
                    stage.run(START + DAY)
                free.join()
            yield

        first = (1, 0)
        context.play(stage, lambda *when: held() if when == first else nullcontext())
        expected = "DatabaseBusy" if seconds > BUSY_TIMEOUT else ""
        name = f"database locked for {seconds:g} s"
        return compare(name, stage, context.undisturbed, expected=expected)


def truncated(context: Context) -> Result:
    """Truncate the database. No report may come before a backup is restored."""
    with context.stage("truncated") as stage:

        @contextmanager
        def cut(_day: int) -> Iterator[None]:
            kept = stage.folder / "backup.db"
            copy(stage.database, kept)
            os.truncate(stage.database, context.dice.randrange(1, stage.database.stat().st_size))
            try:
                yield
            finally:
                kept.replace(stage.database)

        context.play(stage, first_pass(cut))
        result = compare("database truncated", stage, context.undisturbed, expected="StoreError")
        return replace(result, note="a backup put back each time")


def hot_journal(context: Context) -> Result:
    """Kill a process inside a transaction, then restore an older backup."""
    with context.stage("hot-journal") as stage:
        journal = Path(f"{stage.database}-journal")
        left = list[bool]()

        @contextmanager
        def restored(_day: int) -> Iterator[None]:
            kept = stage.folder / "backup.db"
            copy(stage.database, kept)
            with closing(sqlite3.connect(stage.database)) as other:
                other.execute("CREATE TABLE before_all AS SELECT * FROM model_version")
                other.execute("DROP TABLE payload")
                other.execute("VACUUM")  # so the journal has other pages than the backup
                other.execute("CREATE TABLE payload (body)")
            killed = [sys.executable, "-m", "tests.support.hot_journal", str(stage.database)]
            subprocess.run(killed, cwd=ROOT, check=False)
            left.append(journal.exists())
            restore(kept, stage.database, now())
            yield

        context.play(stage, first_pass(restored))
        result = compare(
            "killed within a transaction, a backup restored", stage, context.undisturbed
        )
        wrong = ["a kill left no journal"] * (not left or not all(left))
        wrong += ["a journal is still there"] * journal.exists()
        note = f"{count(len(left), 'journal')} left, none applied to a backup"
        return replace(result, wrong=(*result.wrong, *wrong), note=note)
