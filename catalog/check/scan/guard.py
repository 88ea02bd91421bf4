"""Process many items in child processes with time and memory limits.

A limit within one process does not work while C code runs, for example a parser. So the system ends
the process. Its item is reported, and another process continues after it.
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
"""Maximum batches, because all must fit into the smallest pipe unread."""
SIGNALS: dict[int, str] = {
    signal.SIGPROF: "it takes more than {seconds:g} s of computing time",
    signal.SIGKILL: "the system ended the process that read it, maybe because memory ran out",
}


class Limits(NamedTuple):
    """Limits of one item: CPU seconds, and additional bytes of memory."""

    seconds: float = 10.0
    memory: int = 1_000_000_000


LIMITS = Limits()


@dataclass(slots=True)
class Worker:
    """A child process: id, result pipe, results read so far, position.

    `place` is shared memory with the current item and the end of its batch.
    """

    pid: int
    results: int
    place: mmap
    read: bytearray


class Guard(Generic[Item, Result]):
    """A pool that calls `look` per item. `lost` replaces failed results."""

    def __init__(
        self,
        look: Callable[[Item], Result | None],
        lost: Callable[[Item, str], Result],
        limits: Limits,
    ) -> None:
        """Prepare the pool without starting a process."""
        self.look = look
        self.lost = lost
        self.limits = limits

    def run(self, items: Sequence[Item], workers: int) -> Iterator[Result]:
        """Yield the results except None, in the order of the items."""
        found: dict[int, Result] = {}
        batches = _batches(len(items))
        running: dict[int, Worker] = {}
        # Children block Ctrl-C, because only this process handles it and ends them.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            for _ in range(workers):
                self.start(items, batches, (0, 0), running)
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            while running:
                ready, _, _ = select.select(list(running), [], [])
                for worker in [running[each] for each in ready]:
                    if more := os.read(worker.results, 1 << 16):
                        worker.read += more
                    elif rest := self.ended(items, running.pop(worker.results), found):
                        self.start(items, batches, rest, running)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
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
        """Start a process that first finishes the rest of a batch."""
        place = mmap(-1, RANGE.size)
        RANGE.pack_into(place, 0, *rest)
        results, output = os.pipe()
        parent = os.getpid()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # because we have no threads
            pid = os.fork()
        if pid == 0:
            self.work(items, (batches, output, place), parent)
        os.close(output)
        running[results] = Worker(pid, results, place, bytearray())

    def work(self, items: Sequence[Item], ends: tuple[int, int, mmap], parent: int) -> NoReturn:
        """Process batches until none is left."""
        batches, output, place = ends
        code = 1
        try:
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
            signal.signal(signal.SIGPROF, signal.SIG_DFL)
            _limit_memory(self.limits.memory)
            gc.freeze()  # because existing objects need no collection
            gc.set_threshold(100_000)
            index, end = RANGE.unpack_from(place)
            while os.getppid() == parent:
                for at in range(index, end):
                    RANGE.pack_into(place, 0, at, end)
                    self.report(at, items[at], output)
                signal.setitimer(signal.ITIMER_PROF, 0)
                RANGE.pack_into(place, 0, end, end)
                batch = os.read(batches, RANGE.size)
                if not batch:
                    code = 0
                    break
                index, end = RANGE.unpack(batch)
        finally:
            os._exit(code)

    def report(self, at: int, item: Item, output: int) -> None:
        """Process one item and write the result, without raising its errors."""
        signal.setitimer(signal.ITIMER_PROF, self.limits.seconds)
        try:
            result = self.look(item)
            body = b"" if result is None else pickle.dumps((at, result))
        except MemoryError:
            megabytes = self.limits.memory // 1_000_000
            body = pickle.dumps((at, self.lost(item, f"it takes more than {megabytes:,} MB")))
        except Exception as error:  # noqa: BLE001  # because the other files must still be read
            reason = f"an error of this program: {type(error).__name__}"
            body = pickle.dumps((at, self.lost(item, reason)))
        while body:
            body = body[os.write(output, body) :]

    def ended(
        self, items: Sequence[Item], worker: Worker, found: dict[int, Result]
    ) -> tuple[int, int] | None:
        """Read the results of an ended process, return its unfinished rest.

        Raise OSError if it died outside of an item.
        """
        os.close(worker.results)
        _, status = os.waitpid(worker.pid, 0)
        found |= _unpickled(worker.read)
        if status == 0:
            return None
        index, end = RANGE.unpack_from(worker.place)
        if index == end:
            raise OSError("a process that reads files ended too early")
        found.setdefault(index, self.lost(items[index], self.reason(status)))
        return index + 1, end

    def reason(self, status: int) -> str:
        """Return the reason why a process died."""
        number = -os.waitstatus_to_exitcode(status)
        text = SIGNALS.get(number, "the process that read it ended by signal {number}")
        return text.format(number=number, seconds=self.limits.seconds)


def _batches(items: int) -> int:
    """Write all batches to a pipe, and return its reading end."""
    reads, writes = os.pipe()
    size = -(-items // BATCHES) or 1
    for start in range(0, items, size):
        os.write(writes, RANGE.pack(start, min(start + size, items)))
    os.close(writes)
    return reads


def _limit_memory(more: int) -> None:
    """Limit this process to additional bytes of memory, if possible."""
    with suppress(OSError, ValueError):
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + more, hard))


def _unpickled(body: bytearray) -> dict[int, Any]:
    """Return the results. The last one may be incomplete."""
    found: dict[int, Any] = {}
    stream = BytesIO(body)
    with suppress(EOFError, pickle.UnpicklingError):
        while True:
            index, result = pickle.load(stream)  # noqa: S301  # because our own process wrote it
            found[index] = result
    return found


def _kill(worker: Worker) -> None:
    os.close(worker.results)
    os.kill(worker.pid, signal.SIGKILL)
    os.waitpid(worker.pid, 0)
