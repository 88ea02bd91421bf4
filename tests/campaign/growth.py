"""A daemon keeps its memory and open files over many polls."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping

from tests.campaign.history import ask, left
from tests.campaign.result import MEGABYTE, Result
from tests.campaign.scenario import HISTORY, Context
from tests.campaign.stage import Stage
from tests.support.checkout import ROOT
from tests.support.database import outcomes

GROWTH = 0.03
"""Allowed growth of memory from a tenth of the polls to the end, as noise."""
NOTHING = dict.fromkeys(("polls", "memory", "peak", "files", "database"), 0)
START, SLOWEST = 60.0, 0.3
"""Seconds for the daemon's start and for one poll. A daemon that takes longer is ended."""
PER_POLL = 80
"""The maximum bytes of an unchanged poll in the database, with indexes."""
_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
_GROWING = {"tally": 101, "poll": None, "slot": 11}
"""Tables that get rows by polls, with the maximum number of rows."""


def lasting(count: int, context: Context) -> Result:
    """Run one daemon for many polls, with a clock that jumps."""
    with context.stage("lasting", HISTORY[-1:], every="1h") as stage:
        code, steps = _serve(stage, count)
        ended = Counter(outcomes(stage.database))
        wrong = [f"it ended with {code}"] * bool(code)
        wrong += [f"{ended.total()} polls"] * (ended.total() != count)
        wrong += [*left(stage).bad, *grown(steps[0], steps[-1]), *_tables(stage)]
        return Result(
            fault=f"a daemon of {count:,} polls",
            outcomes=ended,
            memory=steps[-1]["peak"],
            secrets=stage.secrets_found(),
            wrong=tuple(wrong),
            note=_note(steps[0], steps[-1]),
        )


def _serve(stage: Stage, count: int) -> tuple[int, list[dict[str, int]]]:
    """Run the daemon for this many polls.

    Return its exit code and its use of the machine.
    """
    command = [sys.executable, "-m", "tests.campaign.fast_daemon", str(stage.folder), str(count)]
    with (stage.folder / "log.txt").open("ab") as log:
        with (stage.folder / "steps.txt").open("wb") as steps:
            process = subprocess.Popen(command, cwd=ROOT, stdout=steps, stderr=log)
        try:
            code = process.wait(timeout=START + count * SLOWEST)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
    lines = (stage.folder / "steps.txt").read_text(encoding="utf-8").splitlines()
    return code, [json.loads(line) for line in lines] or [NOTHING]


def grown(early: Mapping[str, int], late: Mapping[str, int]) -> list[str]:
    """List each value that grew too much between two measurements."""
    wrong = ["memory grew"] * (late["memory"] > early["memory"] * (1 + GROWTH))
    wrong += ["open files grew"] * (late["files"] > early["files"])
    return wrong + ["the database grew too much"] * (_per_poll(early, late) > PER_POLL)


def _per_poll(early: Mapping[str, int], late: Mapping[str, int]) -> float:
    return (late["database"] - early["database"]) / max(1, late["polls"] - early["polls"])


def _tables(stage: Stage) -> list[str]:
    """Compare the rows of each table with those of one poll."""
    one = {"alembic_version", "payload", "snapshot"}
    wrong = []
    for (name,) in ask(stage.database, _TABLES):
        (rows,) = ask(stage.database, f"SELECT count(*) FROM {name}")[0]  # noqa: S608  # a table's name
        most = _GROWING.get(name, 1 if name in one else 13 if name == "model_version" else 0)
        wrong += [f"{rows} rows in {name}"] * (most is not None and rows > most)
    return wrong


def _note(early: Mapping[str, int], late: Mapping[str, int]) -> str:
    def usage(step: Mapping[str, int]) -> str:
        held = f"{step['memory'] / MEGABYTE:.1f} MB, {step['files']} open files"
        return f"after {step['polls']:,} polls {held}"

    grown = f"{_per_poll(early, late):.0f} bytes of database a poll"
    return f"{usage(early)}; {usage(late)}; {grown}"
