"""Run concurrent daemons on one database, and check their results."""

import signal
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

from tests.campaign.history import FindingCounts, left
from tests.campaign.process_usage import peak
from tests.campaign.result import Result
from tests.campaign.stage import Stage
from tests.support.database import outcomes
from tests.support.shell import COMMAND

Process = subprocess.Popen[bytes]
NOTHING: Mapping[str, str] = MappingProxyType({})


@contextmanager
def daemon(stage: Stage, environ: Mapping[str, str] = NOTHING) -> Iterator[Process]:
    """Run `catalog serve` in the folder of a stage.

    At the end, it is killed.
    """
    home = {"HOME": str(stage.folder), "LANG": "C.UTF-8", **environ}
    with (stage.folder / "log.txt").open("ab") as log:
        process = subprocess.Popen(
            [COMMAND, "serve"], cwd=stage.folder, env=home, stdout=log, stderr=log
        )
    with process:
        try:
            yield process
        finally:
            process.kill()


def stop(daemons: Sequence[Process]) -> tuple[int, list[str]]:
    """Stop the daemons. Return the highest memory of one, and the problems."""
    memory = max(peak(each.pid) for each in daemons)
    for each in daemons:
        each.send_signal(signal.SIGTERM)
    codes = [each.wait() for each in daemons]
    return memory, [f"a daemon ended with {codes}"] * any(codes)


def result(
    fault: str,
    stage: Stage,
    wrong: Sequence[str],
    wanted: Mapping[str, FindingCounts] | None = None,
    **rest: Any,
) -> Result:
    """Return the result with the problems of delivery.

    Each channel must get `wanted`, or all findings, exactly once.
    """
    now = left(stage)
    due = wanted or dict.fromkeys(now.received, now.found)
    astray = [channel for channel, received in now.received.items() if received != due[channel]]
    problems = [f"{channel} got other findings than the stored ones" for channel in astray]
    problems += [f"{now.repeated} received twice"] * bool(now.repeated)
    problems += ["a traceback in the log"] * (
        b"Traceback" in (stage.folder / "log.txt").read_bytes()
    )
    return Result(
        fault=fault,
        outcomes=Counter(outcomes(stage.database)),
        reported=now.found.total(),
        repeated=now.repeated,
        secrets=stage.secrets_found(),
        wrong=(*wrong, *now.bad, *problems),
        **rest,
    )
