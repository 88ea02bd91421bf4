"""Kill `catalog sync` at random moments from start to end."""

import os
import signal
import subprocess
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field

from tests.campaign.history import START, Left, ask, left
from tests.campaign.pass_kills import HOUR, SPARE, states
from tests.campaign.result import Result
from tests.campaign.scenario import Context
from tests.campaign.stage import Stage
from tests.support.shell import COMMAND

_VERSIONS = "SELECT key, facts, first_snapshot, last_snapshot FROM model_version ORDER BY 1, 3"
_DIGESTS = "SELECT digest FROM snapshot ORDER BY id"


@dataclass
class Lane:
    """A folder in which the command runs, as cron runs it."""

    stage: Stage
    codes: Counter[str] = field(default_factory=Counter)
    longest: float = 0.0

    def run(self, *words: str, kill_after: float | None = None) -> int:
        """Run `catalog WORDS` and return its exit code.

        A signal that ended the process is a negative code.
        """
        home = {"HOME": str(self.stage.folder), "PATH": os.defpath, "LANG": "C.UTF-8"}
        started = time.monotonic()
        with (self.stage.folder / "log.txt").open("ab") as log:
            process = subprocess.Popen(
                [COMMAND, "-vv", *words], cwd=self.stage.folder, env=home, stdout=log, stderr=log
            )
            try:
                code = process.wait(kill_after)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                code = process.wait()
        self.longest = max(self.longest, time.monotonic() - started)
        return code

    def sync(self, kill_after: float | None = None) -> int:
        """Run `catalog sync`, and count its outcome."""
        code = self.run("sync", kill_after=kill_after)
        self.codes["killed" if code == -signal.SIGKILL else f"exit {code}"] += 1
        return code


def killed_command(count: int, context: Context) -> Result:
    """Kill the command repeatedly, each time at a new state.

    After each kill, the command runs again.
    """
    recorded = states(context.folder / "states-of-commands", 2 * count + SPARE)
    with ExitStack() as stack:
        cold, spared = (
            stack.enter_context(context.stage(name, recorded))
            for name in ("killed-command", "beside-killed-command")
        )
        lane = Lane(cold)
        lane.sync()
        usual = lane.longest
        for number in range(len(recorded)):
            spared.run(START + number * HOUR)
            if lane.codes["killed"] >= count:
                break
            for stage in (cold, spared):
                stage.provider.advance()
            lane.sync(context.dice.uniform(0, usual))
            lane.sync()
        return _result(lane, spared, count)


def _result(lane: Lane, spared: Stage, count: int) -> Result:
    now, wanted = left(lane.stage), left(spared)
    wrong = [*now.bad]
    for name, sql in (("models", _VERSIONS), ("snapshots", _DIGESTS)):
        same = ask(lane.stage.database, sql) == ask(spared.database, sql)
        wrong += [f"the {name} differ"] * (not same)
    wrong += ["the document is not that of the store"] * bool(lane.run("render", "--check"))
    reported, true = _counts(now), _counts(wanted)
    missed, false = (true - reported).total(), (reported - true).total()
    wrong += [f"{missed} missed"] * bool(missed)
    # A message that was repeated holds its findings once more.
    wrong += [f"{false} false"] * bool(false and not now.repeated)
    wrong += [f"only {lane.codes['killed']} kills"] * (lane.codes["killed"] < count)
    wrong += ["a run after a kill failed"] * (set(lane.codes) != {"killed", "exit 0"})
    return Result(
        fault="command killed, start-up included",
        outcomes=lane.codes,
        reported=now.found.total(),
        missed=missed,
        false=0 if now.repeated else false,
        repeated=now.repeated,
        longest=lane.longest,
        secrets=lane.stage.secrets_found(),
        wrong=tuple(wrong),
        note=f"{lane.codes['killed']:,} killed",
    )


def _counts(left: Left) -> Counter[tuple[str, str]]:
    """Count by channel and fingerprint, because a real clock changes the days."""
    return Counter(
        (name, fingerprint)
        for name, received in left.received.items()
        for (fingerprint, _), times in received.items()
        for _ in range(times)
    )
