"""Three daemons with different clocks, one database and a slow receiver."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta

from tests.campaign.command_kills import Lane
from tests.campaign.daemons import daemon, result, stop
from tests.campaign.history import FindingCounts, ask
from tests.campaign.pass_kills import states
from tests.campaign.result import Result
from tests.campaign.scenario import Context
from tests.campaign.stage import CHANNELS, Stage
from tests.support.wall_clock import COMPILER, WallClock

NAME = "three daemons with clocks at +0, +90 and -40 s"
SHIFTS = (0, 90, -40)
SLOW = 0.5
"""Seconds that the receiver needs for a message, so that another daemon sees its claim."""
PATIENCE = 60.0
"""Seconds for all daemons to see one state and deliver it."""
_SENT = "SELECT count(*) FROM delivery WHERE state <> 'delivered'"
_SEEN = "SELECT count(*) FROM snapshot"
_WANTED = (
    "SELECT DISTINCT f.id, f.fingerprint, substr(p.started_at, 1, 10), d.channel FROM delivery d "
    "JOIN finding f ON f.id = d.finding_id JOIN poll p ON p.id = f.poll_id "
    "JOIN change c ON c.finding_id = f.id WHERE c.kind IN {kinds}"
)
"""Findings with a delivery. Quiet changes have no delivery."""


def skewed_clocks(count: int, context: Context) -> Result:
    """Deliver new states with three daemons of different clocks to slow receivers."""
    if COMPILER is None:
        return Result(NAME, untried="a clock that can be set takes a C compiler")
    recorded = states(context.folder / "states-of-skewed", count + 1)
    with context.stage("skewed", recorded, every="1s") as stage:
        stage.receivers.slow = SLOW
        lane = Lane(stage)
        lane.sync()
        wrong = list[str]()
        with ExitStack() as stack:
            clocks = [_set_off(stage, shift) for shift in SHIFTS]
            daemons = [stack.enter_context(daemon(stage, each)) for each in clocks]
            for number in range(count):
                stage.provider.advance()
                wrong += _delivered(stage, number + 2)
            memory, ended = stop(daemons)
        came = result(NAME, stage, [*wrong, *ended], _wanted(stage), memory=memory)
        sent = "" if came.repeated else f"{len(stage.taken):,} messages sent once"
        return replace(came, note=sent)


def _delivered(stage: Stage, snapshots: int) -> Iterator[str]:
    """Wait for these snapshots and deliveries. Yield a problem at the time limit."""
    until = time.monotonic() + PATIENCE
    while ask(stage.database, _SEEN) < [(snapshots,)] or ask(stage.database, _SENT) != [(0,)]:
        if time.monotonic() > until:
            yield f"state {snapshots} was not delivered in {PATIENCE:.0f} s"
            return
        time.sleep(0.1)


def _set_off(stage: Stage, shift: int) -> Mapping[str, str]:
    """Shift a clock and return the environment of processes that use it."""
    clock = WallClock.made(stage.folder / f"clock{shift:+}")
    clock.shift(timedelta(seconds=shift))
    return clock.environ


def _wanted(stage: Stage) -> dict[str, FindingCounts]:
    """Return the findings that each channel must receive."""
    rows = ask(stage.database, _WANTED)
    return {name: Counter(row[1:3] for row in rows if row[3] == name) for name in CHANNELS}
