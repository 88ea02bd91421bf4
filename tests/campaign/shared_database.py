"""Let two daemons and cron on one file do each slot once."""

import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from catalog.core.clock import stamp
from tests.campaign.command_kills import Lane
from tests.campaign.daemons import daemon, result, stop
from tests.campaign.history import START, ask
from tests.campaign.process_usage import peak
from tests.campaign.result import Result
from tests.campaign.scenario import HISTORY, Context
from tests.campaign.stage import Stage
from tests.support.checkout import ROOT
from tests.support.database import outcomes

HOUR = timedelta(hours=1)
PROCESSES = 3
_WATCH = """
CREATE TABLE done (moment);
CREATE TRIGGER finished AFTER UPDATE OF done_at ON slot WHEN new.done_at IS NOT NULL
BEGIN INSERT INTO done VALUES (new.moment); END;
"""


@dataclass(frozen=True, slots=True)
class Stepper:
    """A process that does slots: see slot_program.py."""

    process: subprocess.Popen[str]

    def send(self, moment: datetime) -> None:
        """Send it the current time."""
        assert self.process.stdin
        self.process.stdin.write(f"{stamp(moment)}\n")
        self.process.stdin.flush()

    def answer(self) -> str:
        """Return its answer."""
        assert self.process.stdout
        return self.process.stdout.readline().strip() or "broken off"


@contextmanager
def stepping(stage: Stage) -> Iterator[Stepper]:
    """Start a process that does slots, and stop it at the end."""
    command = [sys.executable, "-m", "tests.campaign.slot_program", str(stage.folder)]
    with (stage.folder / "log.txt").open("ab") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
        )
    with process:
        yield Stepper(process)


def slots(count: int, context: Context) -> Result:
    """Share hourly slots among three processes, with a clock that jumps."""
    with ExitStack() as stack:
        stage = stack.enter_context(context.stage("slots", every="1h"))
        steppers = [stack.enter_context(stepping(stage)) for _ in range(PROCESSES)]
        did: Counter[str] = Counter()
        longest = 0.0
        for number in range(count):
            moment = START + number * HOUR + timedelta(seconds=context.dice.randrange(3000))
            started = time.monotonic()
            for stepper in context.dice.sample(steppers, len(steppers)):
                stepper.send(moment)
            came = sorted(stepper.answer() for stepper in steppers)
            longest = max(longest, time.monotonic() - started)
            did["once" if came.count("done") == 1 else " ".join(came)] += 1
            if (number + 1) % (count // len(HISTORY)) == 0:
                stage.provider.advance()
        memory = max(peak(stepper.process.pid) for stepper in steppers)
        how = {"memory": memory, "longest": longest}
        return _result("two daemons and cron, simulated", stage, did, count, **how)


def real_time(seconds: int, context: Context) -> Result:
    """Share slots of a second between two daemons and a loop.

    The loop runs `catalog sync --scheduled`.
    """
    with context.stage("real-time", every="1s") as stage:
        lane = Lane(stage)
        lane.sync()
        with closing(sqlite3.connect(stage.database)) as database:
            database.executescript(_WATCH)
        with ExitStack() as stack:
            daemons = [stack.enter_context(daemon(stage)) for _ in range(2)]
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                lane.run("sync", "--scheduled")
                stage.provider.advance()
            memory, ended = stop(daemons)
        moments = Counter(moment for (moment,) in ask(stage.database, "SELECT moment FROM done"))
        did = Counter("once" if times == 1 else f"{times} times" for times in moments.values())
        polls = len(outcomes(stage.database)) - 1
        fault = "two daemons and cron, in real time"
        came = _result(fault, stage, did, len(moments), memory=memory)
        wrong = ["polls and slots differ"] * (polls != len(moments))
        return replace(came, wrong=(*came.wrong, *wrong, *ended))


def _result(fault: str, stage: Stage, did: Counter[str], count: int, **rest: Any) -> Result:
    note = f"{did['once']:,} of {did.total():,} slots done once"
    return result(fault, stage, uneven(did, count), note=note, **rest)


def uneven(did: Counter[str], count: int) -> Sequence[str]:
    """Return the slots that were not done exactly once.

    Also return whether there were too few.
    """
    return [f"{times} slots: {how}" for how, times in did.items() if how != "once"] + [
        f"only {did.total()} slots"
    ] * (did.total() < count)
