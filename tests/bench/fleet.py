"""Measure the speed of a fleet, and the CPU of its parts."""

import json
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg

from catalog.fleet.worker import Pace
from tests.campaign.fleet_stage import FleetStage, fleet
from tests.support.postgresql_server import temporary_server

HOUR = 3600
PATIENCE = 900.0
DONE = b"SELECT count(*) FROM slot WHERE done_at IS NOT NULL"
PARTS = ("ours", "engine")
HEADS = (
    *("workers", "passes a second", "CPU per pass"),
    *("our code", "the engine", "PostgreSQL"),
)


@dataclass(frozen=True, slots=True)
class Spent:
    """The cost of one slot of each provider, in CPU seconds.

    `ours` is the share of our code in the workers' seconds. The rest is the engine's.
    """

    passes: float
    seconds: float
    workers: float
    server: float
    ours: float

    def cells(self, workers: int) -> tuple[str, ...]:
        """Return the line of the table."""
        total = self.workers + self.server
        ours = self.ours * self.workers
        shares = [each / total for each in (ours, self.workers - ours, self.server)]
        speed, each = self.passes / self.seconds, 1000 * total / self.passes
        return (str(workers), f"{speed:.0f}", f"{each:.0f} ms", *(f"{x:.0%}" for x in shares))


def table(providers: int, numbers: Iterable[int]) -> str:
    """Measure with each number of workers, and write a Markdown table."""
    lines = [HEADS, tuple("---" for _ in HEADS)]
    with TemporaryDirectory(prefix="fleet-") as place, temporary_server() as server:
        for workers in numbers:
            spent = measure(Path(place, str(workers)), server, workers, providers)
            lines.append(spent.cells(workers))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def measure(folder: Path, server: Path, workers: int, providers: int) -> Spent:
    """Measure from the first finished slot to the last."""
    with fleet(folder, server, providers, HOUR, Pace(1)) as stage:
        stage.program = "tests.bench.fleet_worker"
        for number in range(workers):
            stage.start(2 * number)  # even numbers have a right clock
        main = int((server / "postmaster.pid").read_text().split()[0])
        with psycopg.connect(stage.url.replace("+psycopg", ""), autocommit=True) as connection:
            first = _until(connection, 1)
            began, inside, outside = time.monotonic(), _of(stage), _tree(main)
            last = _until(connection, providers)
            seconds = time.monotonic() - began
            inside, outside = _of(stage) - inside, _tree(main) - outside
        if problems := stage.stop():
            raise RuntimeError("; ".join(problems))
    lines = (folder / "parts.jsonl").read_text(encoding="utf-8").splitlines()
    ours, engine = (sum(json.loads(line).get(name, 0.0) for line in lines) for name in PARTS)
    return Spent(last - first, seconds, inside, outside, ours / (ours + engine))


def _until(connection: psycopg.Connection, wanted: int) -> int:
    """Wait for some finished slots, and return their number."""
    end = time.monotonic() + PATIENCE
    while True:
        row = connection.execute(DONE).fetchone()
        if row is not None and row[0] >= wanted:
            return int(row[0])
        if time.monotonic() > end:
            raise RuntimeError(f"not all slots were done in {PATIENCE:.0f} s")
        time.sleep(0.05)


def _of(stage: FleetStage) -> float:
    return sum(_stat(each.pid)[1] for each in stage.workers)


def _tree(main: int) -> float:
    """Return the CPU seconds of a server's processes."""
    numbers = [int(each.name) for each in Path("/proc").iterdir() if each.name.isdigit()]
    living = [_stat(number) for number in numbers]
    return _stat(main, ended=True)[1] + sum(cpu for parent, cpu in living if parent == main)


def _stat(process: int, *, ended: bool = False) -> tuple[int, float]:
    """Return the parent and the CPU seconds of a process.

    `ended` adds those of its ended children.
    """
    try:
        text = Path(f"/proc/{process}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:  # because it ended
        return 0, 0.0
    fields = text.rpartition(")")[2].split()
    ticks = sum(map(int, fields[11 : 15 if ended else 13]))
    return int(fields[1]), ticks / os.sysconf("SC_CLK_TCK")
