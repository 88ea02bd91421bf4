"""`catalog serve` in a real process while its wall clock changes."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from queue import SimpleQueue

import pytest

from tests.support.builders import body, row
from tests.support.daemon import Gate, serving
from tests.support.http_server import answer
from tests.support.shell import SECONDS, Live
from tests.support.wall_clock import COMPILER, WallClock

pytestmark = pytest.mark.skipif(COMPILER is None, reason="a clock that can be set takes cc")

ONE = answer(body=body(row()))
HOUR = timedelta(hours=1)


class Manager:
    """A service manager that receives every notification."""

    def __init__(self, folder: Path) -> None:
        self._heard: SimpleQueue[bytes] = SimpleQueue()
        self._ours = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._ours.bind(str(folder / "notify"))

    def listen(self) -> None:
        """Receive notifications until an empty one arrives."""
        with self._ours:
            while word := self._ours.recv(4096):
                self._heard.put(word)

    def wait_for_life(self) -> None:
        """Wait for a sign of life from now on."""
        while not self._heard.empty():
            self._heard.get()
        while self._heard.get(timeout=SECONDS) != b"WATCHDOG=1":
            pass


@contextmanager
def manager(folder: Path) -> Iterator[Manager]:
    """Listen as a service manager in this folder."""
    made = Manager(folder)
    thread = threading.Thread(target=made.listen)
    thread.start()
    try:
        yield made
    finally:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
            end.sendto(b"", str(folder / "notify"))
        thread.join()


def watched(folder: Path) -> dict[str, str]:
    """Return the variables of that service manager with a short watchdog."""
    return {"NOTIFY_SOCKET": str(folder / "notify"), "WATCHDOG_USEC": "400000"}


@pytest.mark.long
def test_a_clock_that_is_set_back_stops_neither_passes_nor_the_watchdog(
    live: Live, tmp_path: Path
) -> None:
    """After the clock is set back, passes are rescheduled and watchdog signals continue."""
    clock = WallClock.made(tmp_path / "clock")
    quick = {"CATALOG_SCHEDULE_EVERY": "2s", "CATALOG_SCHEDULE_JITTER": "1ms"}
    with manager(tmp_path) as output:
        shell, _ = live(ONE, **quick, **clock.environ, **watched(tmp_path))
        with serving(shell) as daemon:
            daemon.until("infomaniak: unchanged")
            clock.shift(-HOUR)
            daemon.until("warning  the clock was set back: the next run is rescheduled")
            output.wait_for_life()
            daemon.until("infomaniak: unchanged", times=2)
            daemon.stop()


@pytest.mark.long
def test_a_clock_that_is_set_forward_is_followed(live: Live, tmp_path: Path) -> None:
    """After the clock is set forward, a due pass runs at the next heartbeat."""
    clock = WallClock.made(tmp_path / "clock")
    shell, server = live(ONE, **clock.environ, **watched(tmp_path))
    with serving(shell) as daemon:
        daemon.until("infomaniak: first")
        clock.shift(2 * HOUR)
        daemon.until("infomaniak: unchanged")
        daemon.stop()
    assert len(server.requests) == 2


@pytest.mark.long
def test_a_clock_that_is_set_back_during_a_pass_waits_for_its_end(
    live: Live, tmp_path: Path
) -> None:
    """A clock change during a pass applies after the pass."""
    clock, gate = WallClock.made(tmp_path / "clock"), Gate(ONE)
    quick = {"CATALOG_SCHEDULE_EVERY": "1s", "CATALOG_SCHEDULE_JITTER": "1ms"}
    with manager(tmp_path) as output:
        shell, _ = live(gate, ONE, **quick, **clock.environ, **watched(tmp_path))
        with serving(shell) as daemon:
            assert gate.arrived.wait(SECONDS)
            clock.shift(-HOUR)
            output.wait_for_life()
            gate.opened.set()
            daemon.until("infomaniak: first")
            daemon.until("infomaniak: unchanged")
            daemon.stop()
