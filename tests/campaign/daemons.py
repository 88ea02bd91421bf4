"""Concurrent daemons on one database, and the rules that they must keep."""

import signal
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

from tests.campaign.history import Told, left
from tests.campaign.process_usage import peak
from tests.campaign.result import Result
from tests.campaign.stage import Stage
from tests.support.database import outcomes
from tests.support.shell import COMMAND

Process = subprocess.Popen[bytes]
NOTHING: Mapping[str, str] = MappingProxyType({})


@contextmanager
def daemon(stage: Stage, environ: Mapping[str, str] = NOTHING) -> Iterator[Process]:
    """Run `catalog serve` in the folder of a stage, and kill it in the end."""
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
    """End the daemons, and return the highest memory of one and the problems."""
    memory = max(peak(each.pid) for each in daemons)
    for each in daemons:
        each.send_signal(signal.SIGTERM)
    codes = [each.wait() for each in daemons]
    return memory, [f"a daemon ended with {codes}"] * any(codes)


def result(
    fault: str,
    stage: Stage,
    wrong: Sequence[str],
    wanted: Mapping[str, Told] | None = None,
    **rest: Any,
) -> Result:
    """Add problems of delivery: each channel gets `wanted`, or all findings, exactly once."""
    now = left(stage)
    due = wanted or dict.fromkeys(now.told, now.found)
    astray = [channel for channel, told in now.told.items() if told != due[channel]]
    said = [f"{channel} was told something else than is stored" for channel in astray]
    said += [f"{now.repeated} told twice"] * bool(now.repeated)
    said += ["a traceback in the log"] * (b"Traceback" in (stage.folder / "log.txt").read_bytes())
    return Result(
        fault=fault,
        outcomes=Counter(outcomes(stage.database)),
        reported=now.found.total(),
        repeated=now.repeated,
        secrets=stage.secrets_found(),
        wrong=(*wrong, *now.bad, *said),
        **rest,
    )
