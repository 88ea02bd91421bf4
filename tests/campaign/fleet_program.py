"""Run a worker of a fleet with short intervals, until SIGTERM."""

import sys
from contextlib import closing
from pathlib import Path

from catalog.cli.logs import start_logging
from catalog.config.build import wire_http
from catalog.config.load import load
from catalog.fleet.tasks import Tasks
from catalog.fleet.worker import Pace, Worker
from catalog.store.database import Database

CONCURRENCY = 4


def main() -> int:
    """Serve the folder of the first argument. The others are the pace."""
    folder, dispatch, heartbeat, stalled = sys.argv[1:]
    loaded = load(Path(folder, "catalog.toml"), environ={})
    start_logging(1, "text")
    pace = Pace(int(dispatch), float(heartbeat), float(stalled))
    with (
        wire_http(loaded.settings) as http,
        closing(Database(loaded.settings.database)) as database,
    ):
        return Worker(Tasks(loaded, database, http), CONCURRENCY, pace).run()


if __name__ == "__main__":
    sys.exit(main())
