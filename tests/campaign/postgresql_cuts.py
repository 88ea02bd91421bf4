"""Cut the database connections of daemons while they start."""

import subprocess
from collections import Counter
from pathlib import Path

from tests.campaign.result import Result
from tests.campaign.scenario import HISTORY, Context
from tests.campaign.stage import Stage
from tests.support.daemon import guarded
from tests.support.postgresql_proxy import cut_connections
from tests.support.shell import COMMAND

NAME = "connections cut at the start of a daemon"
PATIENCE = 60.0
"""Seconds for one daemon."""
MOST = 4000
"""The maximum of server bytes before a cut: fewer than the creation of the schema needs."""


def cut_at_start(daemons: int, context: Context) -> Result:
    """Start daemons on new databases. Their first connections are cut."""
    try:
        from tests.support.postgresql_server import new_database, stop
    except ImportError:
        return Result(NAME, untried="a PostgreSQL server takes its wheel")
    wrong, polls, cuts = list[str](), Counter[str](), 0
    place = context.folder / "server" / "postgresql"
    place.parent.mkdir(mode=0o700)  # as the folder of its sockets has to be
    with context.stage("cut-at-start", HISTORY[-1:]) as stage:
        try:
            for _ in range(daemons):
                after = [context.dice.randrange(MOST) for _ in range(context.dice.randint(1, 3))]
                with cut_connections(new_database(place), after) as (way, url):
                    wrong += _started(stage, url)
                cuts += way.cut
                polls["first"] += 1
        finally:
            stop(place)
        wrong += ["no connection was cut"] * (not cuts)
        secrets = stage.secrets_found()
    return Result(
        NAME, outcomes=polls, secrets=secrets, wrong=tuple(wrong), note=f"{cuts} connections cut"
    )


def _started(stage: Stage, url: str) -> list[str]:
    """Run a daemon until its first pass ends. Return the problems."""
    started = subprocess.Popen(
        [COMMAND, "--database", url, "serve"],
        cwd=stage.folder,
        env={"HOME": str(stage.folder), "LANG": "C.UTF-8"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    wrong = list[str]()
    with started as process, guarded(process, PATIENCE) as daemon:
        try:
            daemon.until("infomaniak: first, ")
        except AssertionError:
            wrong.append("a daemon made no pass")
        process.terminate()
        lines = [*daemon.lines, *process.communicate()[1].splitlines()]
    with Path(stage.folder, "log.txt").open("a", encoding="utf-8") as log:
        log.write("\n".join(lines))
    wrong += [f"it ended with {process.returncode}"] * bool(process.returncode)
    return wrong + ["a mistake in the log"] * ("mistake of this program" in "\n".join(lines))
