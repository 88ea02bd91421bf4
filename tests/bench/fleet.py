"""Measure the passes per second of a fleet: python -m tests.bench.fleet."""

import resource
import sys
import tempfile
import time
from pathlib import Path

from catalog.fleet.worker import Pace
from tests.campaign.fleet_stage import FleetStage, fleet
from tests.support.postgresql_server import stop

PROVIDERS = 400
WORKERS = (1, 2, 4)
HOUR = 3600
PATIENCE = 300.0
DONE = "SELECT count(*) FROM slot WHERE done_at IS NOT NULL"


def measure(folder: Path, server: Path, workers: int, providers: int) -> str:
    """Return the speed of one slot of each provider as a line."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with fleet(folder, server, providers, HOUR, Pace(1)) as stage:
        for number in range(workers):
            stage.start(2 * number)  # even numbers have a right clock
        seconds = _seconds(stage, providers)
        stage.stop()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    speed = f"{providers / seconds:.0f} passes a second"
    return f"{workers} workers: {speed}, {1000 * cpu / providers:.0f} ms CPU of workers per pass"


def _seconds(stage: FleetStage, providers: int) -> float:
    """Return the seconds between the first finished slot and the last."""
    end = time.monotonic() + PATIENCE
    while stage.ask(DONE) == [(0,)] and time.monotonic() < end:
        time.sleep(0.05)
    begin = time.monotonic()
    if not stage.until(DONE, providers, PATIENCE):
        sys.exit("error: not all slots were done")
    return time.monotonic() - begin


def main() -> None:
    """Print a line for each number of workers."""
    with tempfile.TemporaryDirectory(prefix="fleet-") as place:
        server = Path(place, "server", "postgresql")
        server.parent.mkdir(mode=0o700)
        Path(place).chmod(0o755)
        try:
            for workers in WORKERS:
                line = measure(Path(place, str(workers)), server, workers, PROVIDERS)
                sys.stdout.write(f"{line}\n")
                sys.stdout.flush()
        finally:
            stop(server)


if __name__ == "__main__":
    main()
