"""Do one slot of the schedule for each time on stdin.

Several such processes share a database.
"""

import random
import sys
import time
from contextlib import closing
from datetime import datetime
from pathlib import Path

from catalog.cli.logs import start_logging
from catalog.config.build import wire_http, wire_schedule, wire_sync
from catalog.config.load import load
from catalog.daemon.scheduled import Scheduled
from catalog.store.database import Database
from tests.campaign.history import START
from tests.campaign.worker_program import LIMIT

APART = 0.004
"""The maximum seconds between the processes at one slot."""


def main() -> None:
    """Print `done` for an own slot, and `left` for another's slot."""
    settings = load(Path(sys.argv[1], "catalog.toml"), environ={}).settings
    dice, now = random.Random(), [START]  # noqa: S311  # it shuffles who comes first
    start_logging(1, "text")
    with wire_http(settings) as http, closing(Database(settings.database)) as database:
        sync = wire_sync(settings, database, http, clock=lambda: now[0])
        work = Scheduled(sync, wire_schedule(settings.schedule), LIMIT)
        for line in sys.stdin:
            now[0] = datetime.fromisoformat(line.strip())
            time.sleep(dice.uniform(0, APART))
            ours = work.run().result is not None
            sys.stdout.write("done\n" if ours else "left\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
