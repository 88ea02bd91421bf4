"""A daemon whose clock goes back an hour, and forward again."""

import signal
import socket
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from tests.campaign.history import left
from tests.campaign.process_usage import peak
from tests.campaign.result import Result
from tests.campaign.scenario import HISTORY, Context
from tests.campaign.stage import Stage
from tests.support.daemon import Running, guarded
from tests.support.database import outcomes
from tests.support.shell import COMMAND
from tests.support.wall_clock import COMPILER, WallClock

NAME = "a daemon's clock set back an hour, and forward"
SHIFTS = (timedelta(0), timedelta(hours=-1), timedelta(0))
PATIENCE = 120.0
"""Seconds for the whole scenario. A daemon that blocks longer is ended."""
WATCHDOG = "1000000"
"""In microseconds. The daemon has two beats in this time."""


def daemon_clock(polls: int, context: Context) -> Result:
    """Run a daemon that polls each second, with changes of its clock."""
    if COMPILER is None:
        return Result(NAME, untried="a clock that can be set takes a C compiler")
    with context.stage("clock-of-daemon", HISTORY[-1:], every="1s") as stage:
        clock = WallClock.made(stage.folder / "clock")
        wrong, signs, memory = list[str](), list[int](), 0
        with _manager(stage.folder) as manager, _daemon(stage, clock) as daemon:
            for shift in SHIFTS:
                clock.shift(shift)
                try:
                    daemon.until(" infomaniak: ", times=polls + 1)
                except AssertionError:
                    wrong.append(f"it stopped at a clock of {shift.total_seconds():+.0f} s")
                    break
                signs.append(_count_messages(manager))
            memory = peak(daemon.process.pid) if daemon.process.poll() is None else 0
            daemon.tell(signal.SIGTERM)
            log = [*daemon.lines, *daemon.process.communicate()[1].splitlines()]
        (stage.folder / "log.txt").write_text("\n".join(log), encoding="utf-8")
        wrong += [f"it ended with {daemon.process.returncode}"] * bool(daemon.process.returncode)
        wrong += ["no sign of life for the watchdog"] * (not all(signs))
        wrong += ["a traceback in the log"] * ("Traceback" in "\n".join(log))
        return Result(
            fault=NAME,
            outcomes=Counter(outcomes(stage.database)),
            memory=memory,
            secrets=stage.secrets_found(),
            wrong=(*wrong, *left(stage).bad),
            note=f"{sum(signs):,} signs of life",
        )


@contextmanager
def _manager(folder: Path) -> Iterator[socket.socket]:
    """Listen as a service manager does."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as made:
        made.bind(str(folder / "notify"))
        made.setblocking(False)
        yield made
    (folder / "notify").unlink()


def _count_messages(manager: socket.socket) -> int:
    """Count the watchdog messages since the last call."""
    signs = 0
    while True:
        try:
            signs += manager.recv(4096) == b"WATCHDOG=1"
        except BlockingIOError:
            return signs


@contextmanager
def _daemon(stage: Stage, clock: WallClock) -> Iterator[Running]:
    home = {"HOME": str(stage.folder), "LANG": "C.UTF-8", **clock.environ}
    home |= {"NOTIFY_SOCKET": str(stage.folder / "notify"), "WATCHDOG_USEC": WATCHDOG}
    started = subprocess.Popen(
        [COMMAND, "serve"],
        cwd=stage.folder,
        env=home,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    with started as process, guarded(process, PATIENCE) as running:
        yield running
