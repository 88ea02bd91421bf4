"""Run passes for the campaign in forked processes, as from cron.

The program stays single-threaded and loads everything once. Each pass is a fork of it. An order is
a line of JSON on stdin, and its result a line on stdout.
"""

import json
import os
import signal
import sys
import time
import traceback
from contextlib import closing, redirect_stdout
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

from catalog.changes.poll import Pass
from catalog.cli.logs import start_logging
from catalog.cli.output import note_error
from catalog.cli.results import print_pass
from catalog.config.build import wire_http, wire_schedule, wire_sync
from catalog.config.load import load
from catalog.core.errors import CatalogError
from catalog.daemon.scheduled import Scheduled
from catalog.store import migrate  # noqa: F401  # loaded once, not in every fork
from catalog.store.database import Database
from tests.campaign.process_usage import peak

LIMIT = timedelta(minutes=10)
LOG = "log.txt"


def run_pass(folder: Path, at: datetime, *, scheduled: bool) -> Pass | None:
    """Run one pass by the configuration in the folder.

    A slot that is already done returns None.
    """
    settings = load(folder / "catalog.toml", environ={}).settings
    with wire_http(settings) as http, closing(Database(settings.database)) as database:
        sync = wire_sync(settings, database, http, clock=lambda: at)
        if not scheduled:
            return sync.run()
        return Scheduled(sync, wire_schedule(settings.schedule), LIMIT).run().result


def pass_outcome(order: dict[str, Any]) -> dict[str, Any]:
    """Run one pass, print its messages and return its outcome."""
    try:
        at = datetime.fromisoformat(order["at"])
        result = run_pass(Path(order["folder"]), at, scheduled=order.get("scheduled", False))
    except CatalogError as error:
        note_error(error)
        return {"outcome": type(error).__name__}
    if result is None:
        return {"outcome": "skipped"}
    print_pass(result)
    failed = result.document_error
    document = {} if failed is None else {"document": type(failed).__name__}
    return {"outcome": str(result.poll.outcome), **document}


def in_child(order: dict[str, Any], answer: int) -> None:
    """Run an order in a child process, which ends here."""
    try:
        log = os.open(Path(order["folder"], LOG), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        os.dup2(log, 1)
        os.dup2(log, 2)
        start_logging(2, "text")
        if "user" in order:
            os.setgroups([])
            os.setgid(order["user"])
            os.setuid(order["user"])
        came = pass_outcome(order)
        sys.stdout.flush()
        os.write(answer, json.dumps(came | {"memory": peak()}).encode())
        os._exit(0)
    except BaseException:  # noqa: BLE001  # a fork must never go on as the parent
        sys.stderr.write(traceback.format_exc())
        sys.stderr.flush()
        os._exit(1)


def do(order: dict[str, Any]) -> dict[str, Any]:
    """Run an order in a fork, and return its end.

    An order can request a kill.
    """
    reading, writing = os.pipe()
    started = time.monotonic()
    child = os.fork()
    if child == 0:
        os.close(reading)
        in_child(order, writing)
    os.close(writing)
    if "kill_after" in order:
        time.sleep(order["kill_after"])
        os.kill(child, signal.SIGKILL)
    with os.fdopen(reading, "rb") as answer:
        came = answer.read()
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    seconds = time.monotonic() - started
    return {"ended": ended, "seconds": seconds, **(json.loads(came) if came else {})}


def main() -> None:
    """Run orders until stdin ends.

    The first order runs in this process, which loads all modules.
    """
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for number, line in enumerate(sys.stdin):
        order = json.loads(line)
        if number:
            came = do(order)
        else:
            with redirect_stdout(StringIO()):  # a fork's output goes to its log instead
                came = pass_outcome(order)
        answers.write(json.dumps(came) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
