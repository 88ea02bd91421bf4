"""Measure days of hourly polls by a daemon and by cron."""

import os
import re
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.cron import WATCHERS, ours
from tests.bench.peers import Peers
from tests.bench.random_catalog import RandomCatalog
from tests.bench.result import Line, seconds
from tests.bench.server import serving
from tests.bench.timing import Command
from tests.support.shell import COMMAND

DAY = 86_400
HOURS, EVERY, MODELS = 24, 10, 500
"""Polls of a day. One in `EVERY` finds changes."""
MOST = {"daemon": 0.15, "cron": 0.8, "webchanges": 1.0}
WHY = "a change takes the whole program: SQLAlchemy, SQLModel, pydantic and httpx"
PATIENCE = 60.0
SETTLED = 2.0
"""Seconds until a daemon has ended its start."""
READY = re.compile("next run")


@dataclass
class Daemon:
    """A running `catalog serve` that is paused between polls."""

    process: subprocess.Popen[str]
    database: Path
    started: float = field(init=False)
    total: float = field(default=0.0, init=False)
    _polls: int = field(init=False)

    def __post_init__(self) -> None:
        self.started, self._polls = self.cpu(), self._count()

    def poll(self) -> None:
        """Continue it until it has polled once more, and pause it."""
        self.process.send_signal(signal.SIGCONT)
        end = time.monotonic() + PATIENCE
        while (now := self._count()) <= self._polls:
            if time.monotonic() > end:
                raise RuntimeError("the daemon does not poll")
            time.sleep(0.02)
        self._polls = now
        self.process.send_signal(signal.SIGSTOP)

    def cpu(self) -> float:
        """Return the CPU seconds of its living threads."""
        threads = Path(f"/proc/{self.process.pid}/task").iterdir()
        return sum(int((each / "schedstat").read_text().split()[0]) for each in threads) / 1e9

    def _count(self) -> int:
        with closing(sqlite3.connect(self.database)) as database:
            return int(database.execute("SELECT count(*) FROM poll").fetchone()[0])


@dataclass(frozen=True, slots=True)
class Days:
    """Folder, peers, number of polls, and seconds of waiting."""

    folder: Path
    peers: Peers
    polls: int
    idle: float

    def lines(self) -> list[Line]:
        """Measure all sides in turn, poll by poll."""
        folder = self.folder / "days"
        (folder / "daemon").mkdir(parents=True)
        made = RandomCatalog(MODELS)
        with serving(folder) as served:
            served.put(made.body)
            inside = ours(folder / "daemon", served.url)
            runs = {"cron": ours(folder, served.url)}
            peers = [each for each in WATCHERS if self.peers.has(each)]
            runs |= {each: self.peers.watcher(each, folder, served.url) for each in peers}
            for run in (inside, *runs.values()):
                run()
            spent = dict.fromkeys(runs, 0.0)
            with serve(inside, "1s") as daemon:
                for number in range(self.polls):
                    if number % EVERY == 0:
                        made.change()
                        served.put(made.body)
                    daemon.poll()
                    for name, run in runs.items():
                        spent[name] += run().cpu
            with serve(inside, "1d") as waiting:
                time.sleep(SETTLED)
                began = waiting.cpu()
                time.sleep(self.idle)
                waited = (waiting.cpu() - began) / self.idle * DAY
        return self._compared(spent, daemon, waited)

    def _compared(self, spent: Mapping[str, float], daemon: Daemon, waited: float) -> list[Line]:
        days = self.polls / HOURS
        day = {name: took / days for name, took in spent.items()}
        day["daemon"] = daemon.total / days + waited
        start = seconds(daemon.started / days)
        why = f"{start} are its start, {seconds(waited)} the hours between polls"
        return [_line(day, "daemon", "urlwatch", why), *(_line(day, "cron", e) for e in WATCHERS)]


@contextmanager
def serve(command: Command, every: str) -> Iterator[Daemon]:
    """Run `catalog serve` in the folder of a command."""
    given = {"CATALOG_SCHEDULE_EVERY": every, "CATALOG_SCHEDULE_JITTER": "0s"}
    environ = {**command.environ, **given}
    log = command.folder / f"daemon-{every}.txt"
    with log.open("w") as output:
        process = subprocess.Popen(
            [COMMAND, "serve"], cwd=command.folder, env=environ, stderr=output, text=True
        )
    try:
        _until_ready(log)
        daemon = Daemon(process, command.folder / "catalog.db")
        yield daemon
    finally:
        for number in (signal.SIGTERM, signal.SIGCONT):
            process.send_signal(number)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    daemon.total = used.ru_utime + used.ru_stime


def _until_ready(log: Path) -> None:
    end = time.monotonic() + PATIENCE
    while not READY.search(log.read_text(encoding="utf-8")):
        if time.monotonic() > end:
            raise RuntimeError(f"the daemon does not start:\n{log.read_text(encoding='utf-8')}")
        time.sleep(0.05)


def _line(day: Mapping[str, float], name: str, against: str, why: str = WHY) -> Line:
    value = day[name] / day[against] if against in day else None
    most = MOST.get(against, MOST[name])
    where = "`catalog serve`" if name == "daemon" else "`catalog sync` from cron"
    return Line(
        f"a day of hourly polls by {where} (24 polls, one in ten changed, {MODELS} models)",
        f"{against} from cron",
        seconds(day[name]),
        seconds(day[against]) if against in day else "–",
        value,
        most,
        f"at most {most:g}" if most < 1 else "less CPU",
        why,
    )
