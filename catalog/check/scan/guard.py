"""Looks at many items in processes of their own, each within a limit of time and of memory.

A limit within one process does not hold while C code runs, such as a parser's. So the system keeps
the limits: it ends the process, the item is reported, and another process goes on behind it.
"""

import gc
import os
import pickle
import resource
import select
import signal
import struct
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from mmap import mmap
from pathlib import Path
from typing import Any, Generic, NamedTuple, NoReturn, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

RANGE = struct.Struct("=qq")
BATCHES = 250
"""So many batches of items fit into the smallest pipe, before anybody reads it."""
SIGNALS: dict[int, str] = {
    signal.SIGPROF: "it takes more than {seconds:g} s of computing time",
    signal.SIGKILL: "the system ended the process that read it, maybe because memory ran out",
}


class Limits(NamedTuple):
    """What one item may take: seconds of CPU, and bytes of memory beside what is used before."""

    seconds: float = 10.0
    memory: int = 1_000_000_000


LIMITS = Limits()


@dataclass(slots=True)
class Worker:
    """A process: its id, where its results are read, what came of them, and where it is.

    `place` is shared with it: the item that it looks at, and the end of its batch.
    """

    pid: int
    results: int
    place: mmap
    read: bytearray


class Guard(Generic[Item, Result]):
    """Calls `look` for each item, in processes; `lost` makes the result of an item that failed."""

    def __init__(
        self,
        look: Callable[[Item], Result | None],
        lost: Callable[[Item, str], Result],
        limits: Limits,
    ) -> None:
        """Note what is to be done."""
        self.look = look
        self.lost = lost
        self.limits = limits

    def run(self, items: Sequence[Item], workers: int) -> Iterator[Result]:
        """Yield what is not None, in the order of the items."""
        found: dict[int, Result] = {}
        batches = _batches(len(items))
        running: dict[int, Worker] = {}
        # The processes keep this mask: only this one hears of Ctrl-C, and it ends them.
        heard = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            for _ in range(workers):
                self.start(items, batches, (0, 0), running)
            signal.pthread_sigmask(signal.SIG_SETMASK, heard)
            while running:
                ready, _, _ = select.select(list(running), [], [])
                for worker in [running[each] for each in ready]:
                    if more := os.read(worker.results, 1 << 16):
                        worker.read += more
                    elif rest := self.ended(items, running.pop(worker.results), found):
                        self.start(items, batches, rest, running)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, heard)
            for worker in running.values():
                _kill(worker)
            os.close(batches)
        yield from (found[index] for index in sorted(found))

    def start(
        self,
        items: Sequence[Item],
        batches: int,
        rest: tuple[int, int],
        running: dict[int, Worker],
    ) -> None:
        """Start a process, which finishes the rest of a batch first."""
        place = mmap(-1, RANGE.size)
        RANGE.pack_into(place, 0, *rest)
        results, told = os.pipe()
        parent = os.getpid()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of threads, which we have none of
            pid = os.fork()
        if pid == 0:
            self.work(items, (batches, told, place), parent)
        os.close(told)
        running[results] = Worker(pid, results, place, bytearray())

    def work(self, items: Sequence[Item], ends: tuple[int, int, mmap], parent: int) -> NoReturn:
        """Look at one batch after the other, until there is none left."""
        batches, told, place = ends
        code = 1
        try:
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
            signal.signal(signal.SIGPROF, signal.SIG_DFL)
            _limit_memory(self.limits.memory)
            gc.freeze()  # what is there already is not looked at again
            gc.set_threshold(100_000)
            index, end = RANGE.unpack_from(place)
            while os.getppid() == parent:
                for at in range(index, end):
                    RANGE.pack_into(place, 0, at, end)
                    self.tell(at, items[at], told)
                signal.setitimer(signal.ITIMER_PROF, 0)
                RANGE.pack_into(place, 0, end, end)
                batch = os.read(batches, RANGE.size)
                if not batch:
                    code = 0
                    break
                index, end = RANGE.unpack(batch)
        finally:
            os._exit(code)

    def tell(self, at: int, item: Item, told: int) -> None:
        """Look at one item, and write the result; raises nothing that an item can cause."""
        signal.setitimer(signal.ITIMER_PROF, self.limits.seconds)
        try:
            result = self.look(item)
            body = b"" if result is None else pickle.dumps((at, result))
        except MemoryError:
            megabytes = self.limits.memory // 1_000_000
            body = pickle.dumps((at, self.lost(item, f"it takes more than {megabytes:,} MB")))
        except Exception as error:  # noqa: BLE001  # one file must not end the reading of the others
            said = f"an error of this program: {type(error).__name__}"
            body = pickle.dumps((at, self.lost(item, said)))
        while body:
            body = body[os.write(told, body) :]

    def ended(
        self, items: Sequence[Item], worker: Worker, found: dict[int, Result]
    ) -> tuple[int, int] | None:
        """Take the results of a process that ended; return what it left of its batch, if it died.

        Raises OSError for one that died before it did anything.
        """
        os.close(worker.results)
        _, status = os.waitpid(worker.pid, 0)
        found |= _unpickled(worker.read)
        if status == 0:
            return None
        index, end = RANGE.unpack_from(worker.place)
        if index == end:
            raise OSError("a process that reads files ended before its time")
        found.setdefault(index, self.lost(items[index], self.reason(status)))
        return index + 1, end

    def reason(self, status: int) -> str:
        """Say how a process died."""
        number = -os.waitstatus_to_exitcode(status)
        text = SIGNALS.get(number, "the process that read it ended by signal {number}")
        return text.format(number=number, seconds=self.limits.seconds)


def _batches(items: int) -> int:
    """Write all batches to a pipe; return where they are read, by whoever has time."""
    reads, writes = os.pipe()
    size = -(-items // BATCHES) or 1
    for start in range(0, items, size):
        os.write(writes, RANGE.pack(start, min(start + size, items)))
    os.close(writes)
    return reads


def _limit_memory(more: int) -> None:
    """Let this process have so many bytes more than it has; where it cannot be known, any."""
    with suppress(OSError, ValueError):
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + more, hard))


def _unpickled(body: bytearray) -> dict[int, Any]:
    """Read results; the last one may be cut off."""
    found: dict[int, Any] = {}
    stream = BytesIO(body)
    with suppress(EOFError, pickle.UnpicklingError):
        while True:
            index, result = pickle.load(stream)  # noqa: S301  # of our own process
            found[index] = result
    return found


def _kill(worker: Worker) -> None:
    os.close(worker.results)
    os.kill(worker.pid, signal.SIGKILL)
    os.waitpid(worker.pid, 0)
