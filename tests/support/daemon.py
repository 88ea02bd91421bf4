"""A daemon in its own process or inside the test's process."""

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta

from catalog.core.clock import now
from catalog.core.payload import Answer, Validators
from catalog.daemon.daemon import Daemon
from catalog.daemon.job import Work
from catalog.daemon.schedule import Interval
from catalog.daemon.scheduled import Scheduled
from catalog.sync.sync import Sync
from tests.support.builders import body, payload, row
from tests.support.http_server import Exchange, Step
from tests.support.shell import SECONDS, Shell

SECOND = timedelta(seconds=1)
ANSWER = payload(body(row()))


@dataclass
class Running:
    """A running `catalog serve`, with the read lines of its log."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    def until(self, words: str, times: int = 1) -> str:
        """Read the log until the nth line with these words. Return it."""
        assert self.process.stderr
        for line in self.process.stderr:
            self.lines.append(line.rstrip("\n"))
            times -= words in line
            if not times:
                return self.lines[-1]
        raise AssertionError(f"{words!r} never came:\n" + "\n".join(self.lines))

    def tell(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def end(self, code: int = 0) -> None:
        """Read the rest and check the end.

        The exit code must be right, stdout empty, and no traceback shown.
        """
        out, err = self.process.communicate()
        self.lines += err.splitlines()
        log = "\n".join(self.lines)
        assert (self.process.returncode, out) == (code, ""), log
        assert "Traceback" not in log, log

    def stop(self) -> None:
        """Stop it, and check that it ends well."""
        self.tell(signal.SIGTERM)
        self.end()


@contextmanager
def guarded(process: subprocess.Popen[str], seconds: float = SECONDS) -> Iterator[Running]:
    """Yield a started daemon.

    It is killed at the end or after the time limit.
    """
    guard = threading.Timer(seconds, process.kill)
    guard.start()
    try:
        yield Running(process)
    finally:
        guard.cancel()
        process.kill()


@contextmanager
def serving(shell: Shell, *before: str, after: tuple[str, ...] = ()) -> Iterator[Running]:
    """Run `catalog BEFORE serve AFTER`, and kill it after the time limit."""
    with shell.start(*before, "serve", *after) as process, guarded(process) as running:
        yield running


@dataclass
class Gate:
    """A step that answers its request when a test opens the gate."""

    then: Step
    arrived: threading.Event = field(default_factory=threading.Event)
    opened: threading.Event = field(default_factory=threading.Event)

    def __call__(self, exchange: Exchange) -> None:
        """Wait for the gate, then answer."""
        self.arrived.set()
        assert self.opened.wait(SECONDS)
        self.then(exchange)


def work(sync: Sync, fetch: Callable[[Validators], Answer], limit: timedelta) -> Work:
    """Put a Sync with this answer on a schedule of one second."""
    asked = replace(sync, fetch=fetch, clock=now)
    return Work(Scheduled(asked, Interval(SECOND), limit), timedelta(), (), lambda: None)


def serve_until(event: threading.Event, daemon: Daemon) -> int:
    """Run a daemon in this process until the event, then stop it."""

    def stop() -> None:
        event.wait(SECONDS)
        os.kill(os.getpid(), signal.SIGTERM)

    stopper = threading.Thread(target=stop)
    stopper.start()
    code = daemon.run()
    stopper.join()
    return code
