"""Run the real daemon with a clock that jumps each poll.

It jumps by an hour.

After each tenth of the polls, one line of JSON on stdout shows its use of the machine.
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from catalog.cli.logs import start_logging
from catalog.config.build import wire_http, wire_schedule, wire_sync
from catalog.config.load import load
from catalog.core.payload import Answer, Validators
from catalog.daemon.daemon import Daemon
from catalog.daemon.job import Work
from catalog.daemon.scheduled import Scheduled
from catalog.daemon.systemd import Systemd
from catalog.store.database import Database
from tests.campaign.process_usage import memory, open_files, peak
from tests.campaign.worker_program import LIMIT

# Long ago, because the daemon then catches up missed runs immediately and never waits.
BEGIN = datetime(2020, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
TENTHS = 10


def main() -> None:
    """Run the daemon in a folder for a number of polls."""
    folder, count = Path(sys.argv[1]), int(sys.argv[2])
    settings = load(folder / "catalog.toml", environ={}).settings
    start_logging(1, "text")
    polls = 0
    with wire_http(settings) as http, closing(Database(settings.database)) as database:

        def counted(fetch: Callable[[Validators], Answer]) -> Callable[[Validators], Answer]:
            def fetched(validators: Validators) -> Answer:
                nonlocal polls
                polls += 1
                if polls % (count // TENTHS) == 0:
                    sys.stdout.write(json.dumps(measured(polls, folder)) + "\n")
                    sys.stdout.flush()
                if polls == count:
                    os.kill(os.getpid(), signal.SIGTERM)
                return fetch(validators)

            return fetched

        sync = wire_sync(settings, database, http, clock=lambda: BEGIN + polls * HOUR)
        sync = replace(sync, fetch=counted(sync.fetch))
        scheduled = Scheduled(sync, wire_schedule(settings.schedule), LIMIT)
        work = Work(scheduled, timedelta(), (), lambda: None)
        Daemon(lambda: [work], Systemd({})).run()


def measured(polls: int, folder: Path) -> dict[str, int]:
    """Measure this process and its database, in bytes."""
    size = (folder / "disk" / "catalog.db").stat().st_size if polls > 1 else 0
    known = {"memory": memory(), "peak": peak(), "files": open_files(), "database": size}
    return {"polls": polls, **known}


if __name__ == "__main__":
    main()
