"""Three daemons with clocks that differ, on one database, and a receiver that is slow."""

import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta

from tests.campaign.command_kills import Lane
from tests.campaign.history import ask, left
from tests.campaign.pass_kills import states
from tests.campaign.process_usage import peak
from tests.campaign.result import Result
from tests.campaign.scenario import Ground
from tests.campaign.stage import Stage
from tests.support.poll_rows import outcomes
from tests.support.shell import COMMAND
from tests.support.wall_clock import COMPILER, WallClock

NAME = "three daemons with clocks at +0, +90 and -40 s"
SHIFTS = (0, 90, -40)
SLOW = 0.5
"""Seconds that the receiver takes for a message: another daemon looks at its claim meanwhile."""
PATIENCE = 60.0
"""Seconds for all daemons to see one state and tell it."""
_SENT = "SELECT count(*) FROM delivery WHERE state <> 'delivered'"
_SEEN = "SELECT count(*) FROM snapshot"
_WANTED = (
    "SELECT DISTINCT f.id, f.fingerprint, substr(p.started_at, 1, 10), d.channel FROM delivery d "
    "JOIN finding f ON f.id = d.finding_id JOIN poll p ON p.id = f.poll_id "
    "JOIN change c ON c.finding_id = f.id WHERE c.kind IN {kinds}"
)
"""What moves back and forth is stored, and told to nobody."""


def skewed_clocks(count: int, ground: Ground) -> Result:
    """Let three daemons meet so many new states, each told to slow receivers."""
    if COMPILER is None:
        return Result(NAME, untried="a clock that can be set takes a C compiler")
    recorded = states(ground.folder / "states-of-skewed", count + 1)
    with ground.stage("skewed", recorded, every="1s") as stage:
        stage.receivers.slow = SLOW
        lane = Lane(stage)
        lane.sync()
        wrong = list[str]()
        with ExitStack() as stack:
            daemons = [stack.enter_context(_daemon(stage, shift)) for shift in SHIFTS]
            for number in range(count):
                stage.provider.advance()
                wrong += _told(stage, number + 2)
            memory = max(peak(daemon.pid) for daemon in daemons)
            for daemon in daemons:
                daemon.send_signal(signal.SIGTERM)
            codes = [daemon.wait() for daemon in daemons]
        wrong += [f"a daemon ended with {codes}"] * any(codes)
        return replace(_result(stage, wrong), memory=memory)


def _told(stage: Stage, snapshots: int) -> Iterator[str]:
    """Wait until so many states were seen and told."""
    until = time.monotonic() + PATIENCE
    while ask(stage.database, _SEEN) < [(snapshots,)] or ask(stage.database, _SENT) != [(0,)]:
        if time.monotonic() > until:
            yield f"state {snapshots} was not told in {PATIENCE:.0f} s"
            return
        time.sleep(0.1)


@contextmanager
def _daemon(stage: Stage, shift: int) -> Iterator[subprocess.Popen[bytes]]:
    clock = WallClock.made(stage.folder / f"clock{shift:+}")
    clock.shift(timedelta(seconds=shift))
    home = {"HOME": str(stage.folder), "LANG": "C.UTF-8", **clock.environ}
    with (stage.folder / "log.txt").open("ab") as log:
        process = subprocess.Popen(
            [COMMAND, "serve"], cwd=stage.folder, env=home, stdout=log, stderr=log
        )
    with process:
        try:
            yield process
        finally:
            process.kill()


def _result(stage: Stage, wrong: list[str]) -> Result:
    now = left(stage)
    wrong += now.bad
    rows = ask(stage.database, _WANTED)
    wanted = {name: Counter(row[1:3] for row in rows if row[3] == name) for name in now.told}
    astray = [channel for channel, told in now.told.items() if told != wanted[channel]]
    wrong += [f"{channel} was told something else than is stored" for channel in astray]
    wrong += [f"{now.repeated} told twice"] * bool(now.repeated)
    wrong += ["a traceback in the log"] * (b"Traceback" in (stage.folder / "log.txt").read_bytes())
    return Result(
        fault=NAME,
        outcomes=Counter(outcomes(stage.database)),
        reported=now.found.total(),
        repeated=now.repeated,
        secrets=stage.secrets_found(),
        wrong=tuple(wrong),
        note=f"{len(stage.taken):,} messages sent once" if not now.repeated else "",
    )
