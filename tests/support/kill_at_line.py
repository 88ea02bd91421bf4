"""Kill a pass at many of its lines: see test_crash.py.

The program prints the state after each kill.

The program stays single-threaded and loads everything once. Each pass is a fork of it.
"""

import json
import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import catalog
from catalog.config.build import wire_http, wire_sync
from catalog.config.load import load
from catalog.store import migrate  # noqa: F401  # loaded once, not in every fork
from catalog.store.database import Database

PACKAGE = str(Path(catalog.__file__).parent)
KEPT = {
    "snapshot": "*",
    "model_version": "*",
    "finding": "*",
    "change": "*",
    "payload": "sha256",
    "delivery": "finding_id, channel, message_id, state",
}


def run_pass(folder: Path, provider: str, receiver: str, at: datetime) -> None:
    """Run one pass with its files in `folder`. The receiver's path is the folder's name."""
    (folder / "catalog.toml").write_text(
        f'database = "{folder}/catalog.db"\n[document]\npath = "models.md"\n'
        f'[[channel]]\nkind = "webhook"\nname = "hook"\nurl = "{receiver}/{folder.name}"\n'
    )
    given = {"infomaniak.url": provider, "infomaniak.token": "any"}
    settings = load(folder / "catalog.toml", given, environ={}).settings
    database = Database(settings.database)
    with wire_http(settings) as http:
        wire_sync(settings, database, http, clock=lambda: at).run()
    database.close()


def in_fork(work: Callable[[], object]) -> int:
    """Run the work in a new process. Return its exit code.

    A signal that ended the process is a negative code.
    """
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        except BaseException as error:  # noqa: BLE001  # a fork must never go on as the parent
            sys.stderr.write(f"{error!r}\n")
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def is_ours(code: CodeType) -> bool:
    """Return True if the code belongs to the package."""
    return code.co_filename.startswith(PACKAGE)


def run_lines(
    work: Callable[[], object], kill_at: int = 0, counts: Callable[[CodeType], bool] = is_ours
) -> int:
    """Run the work, and kill this process at one line.

    Without a line to kill at, count the lines.
    """
    lines = 0

    def on_line(_frame: FrameType, event: str, _arg: Any) -> Any:
        nonlocal lines
        lines += event == "line"
        if lines == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        return on_line

    def on_call(frame: FrameType, _event: str, _arg: Any) -> Any:
        return on_line if counts(frame.f_code) else None

    sys.settrace(on_call)
    work()
    sys.settrace(None)
    return lines


def stored(folder: Path) -> dict[str, Any]:
    """Read the stored rows and the document."""
    connection = sqlite3.connect(folder / "catalog.db")
    rows: dict[str, Any] = {}
    for table, columns in KEPT.items():
        query = f"select {columns} from {table} order by 1"  # noqa: S608  # both are ours
        rows[table] = [list(row) for row in connection.execute(query)]
    connection.close()
    return rows | {"document": (folder / "models.md").read_text()}


def main() -> None:
    """Kill a pass at evenly spread lines.

    Print the state after a second run.
    """
    before, provider, receiver, at, kills = sys.argv[1:]
    sys.settrace(None)  # nothing is run here that is not measured elsewhere
    template, when = Path(before), datetime.fromisoformat(at)

    def pass_in(folder: Path) -> Callable[[], None]:
        shutil.copytree(template, folder)
        return lambda: run_pass(folder, provider, receiver, when)

    pass_in(template.parent / "warm-up")()  # loads the modules of a pass once for all forks
    undisturbed = template.parent / "undisturbed"
    counted = template.parent / "lines"
    work = pass_in(undisturbed)
    ended = [in_fork(lambda: counted.write_text(str(run_lines(work)))), in_fork(work)]
    lines = int(counted.read_text())
    results = {undisturbed.name: {"ended": ended, "stored": stored(undisturbed)}}
    for number in range(int(kills)):
        folder = template.parent / f"kill-{number}"
        work = pass_in(folder)
        line = 1 + number * lines // int(kills)
        ended = [in_fork(partial(run_lines, work, line)), in_fork(work)]
        results[folder.name] = {"ended": ended, "stored": stored(folder)}
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    main()
