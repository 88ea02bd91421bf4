import itertools
import os
import signal
from collections.abc import Sequence
from mmap import mmap
from pathlib import Path
from typing import NoReturn

import pytest

from catalog.check.scan.guard import Guard, Limits
from catalog.check.scan.scan import scan
from tests.support.known_names import KNOWN

LIMITS = Limits(seconds=0.3, memory=300_000_000)


def look(what: str) -> str | None:
    """Fail in one of several ways."""
    match what:
        case "loop":
            while True:
                pass
        case "loop in C":
            sum(itertools.repeat(1))
        case "memory":
            return str(len(bytearray(2_000_000_000)))
        case "crash":
            os.kill(os.getpid(), signal.SIGTERM)
        case "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        case "mistake":
            return str(1 // 0)
        case "nothing":
            return None
    return f"{what} is fine"


def looked(*items: str, workers: int = 1) -> list[str]:
    """Process these items in child processes."""
    guard = Guard(look, lambda item, why: f"{item}: {why}", LIMITS)
    return list(guard.run(items, workers))


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ("loop", "it takes more than 0.3 s of computing time"),
        ("loop in C", "it takes more than 0.3 s of computing time"),
        ("memory", "it takes more than 300 MB"),
        ("crash", "the process that read it ended by signal 15"),
        ("killed", "the system ended the process that read it, maybe because memory ran out"),
        ("mistake", "an error of this program: ZeroDivisionError"),
    ],
)
def test_a_failing_item_is_reported_and_the_others_are_read(what: str, why: str) -> None:
    """A failing item is reported with the reason, and the later items are read."""
    assert looked("a", what, "b") == ["a is fine", f"{what}: {why}", "b is fine"]


@pytest.mark.long
@pytest.mark.parametrize("workers", [1, 2, 3])
def test_results_keep_their_order(workers: int) -> None:
    """Results keep the order of items with any number of processes, even if some die."""
    items = [str(n) for n in range(600)]
    items[100] = items[101] = "crash"
    items[599] = "killed"
    items[300] = "nothing"
    found = looked(*items, workers=workers)
    assert len(found) == 599
    assert [text.split()[0] for text in found[300:302]] == ["301", "302"]
    assert [text.split(":")[0] for text in (found[100], found[101], found[598])] == [
        "crash",
        "crash",
        "killed",
    ]


def test_nothing_to_look_at() -> None:
    """Without items there are no results."""
    assert looked() == []


def test_a_file_over_a_limit_is_reported_as_skipped(tmp_path: Path) -> None:
    """A file that takes too long is yielded with the reason, among the others."""
    (tmp_path / "a.py").write_text("model = 'mixtral'\n", encoding="utf-8")
    (tmp_path / "b.py").write_text("model = 'mixtral'\n" * 30_000, encoding="utf-8")
    first, second = scan([tmp_path], KNOWN, (), Limits(seconds=0.05))
    assert (first.skipped, len(first.uses)) == ("", 1)
    assert second.skipped == "it takes more than 0.05 s of computing time"
    assert second.uses == ()


class Orphaned(Guard[str, str]):
    """A guard whose processes notice the end of their parent."""

    def work(self, items: Sequence[str], ends: tuple[int, int, mmap], parent: int) -> NoReturn:
        """Work for a parent that is gone."""
        super().work(items, ends, parent - parent)


def test_a_process_that_does_nothing_is_an_error() -> None:
    """If processes end before any work, the scan fails instead of retrying forever."""
    with pytest.raises(OSError, match="ended too early"):
        list(Orphaned(look, lambda item, why: f"{item}: {why}", LIMITS).run(["a"], 1))


def test_no_process_outlives_an_error() -> None:
    """If an error ends the pool, the remaining processes are ended."""

    def lost(item: str, why: str) -> str:
        raise ValueError(item + why)

    guard = Guard(look, lost, Limits(seconds=60))
    with pytest.raises(ValueError, match="killed"):
        list(guard.run(["loop", *("a" for _ in range(300)), "killed"], 2))
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii").split()
    assert not {state(child) for child in children} & {"R", "Z"}


def state(process: str) -> str:
    """Return the state of a process: R runs, Z is dead."""
    text = Path(f"/proc/{process}/stat").read_text(encoding="ascii")
    return text.rpartition(")")[2].split()[0]
