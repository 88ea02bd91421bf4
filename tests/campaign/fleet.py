"""Share slots among workers that are killed and cut off."""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from catalog.core.clock import stamp
from catalog.daemon.schedule import EPOCH
from catalog.fleet.worker import Pace
from tests.campaign.fleet_stage import FleetStage, fleet
from tests.campaign.result import Result
from tests.campaign.scenario import Context
from tests.support.postgresql_server import restart, stop

OPEN = "SELECT count(*) FROM delivery WHERE state <> 'delivered'"
POLLED = "SELECT count(DISTINCT provider) FROM poll"
CURRENT = (
    "SELECT count(DISTINCT provider) FROM model_version"
    " WHERE last_snapshot IS NULL AND name = 'new-{}'"
)
REPORTED = """
SELECT v.provider, v.name, count(c.id) FROM model_version v
LEFT JOIN change c ON c.version_id = v.id AND c.kind = 'added'
WHERE v.first_snapshot > (SELECT min(id) FROM snapshot s WHERE s.provider = v.provider)
GROUP BY v.provider, v.name HAVING count(c.id) <> 1
"""
"""Models that came after the first snapshot and are not reported exactly once."""


@dataclass(frozen=True, slots=True)
class Size:
    """The size of a run. A slot takes `every` seconds."""

    providers: int
    workers: int
    slots: int
    every: int
    kills: int
    cuts: int
    pace: Pace


SHORT = Size(20, 2, 3, 10, 2, 6, Pace(1, 0.5, 2.0))
QUICK = Size(50, 2, 3, 20, 3, 10, Pace(2, 1.0, 4.0))
FULL = Size(1000, 4, 20, 90, 50, 200, Pace())


def fleet_faults(size: Size, context: Context) -> Result:
    """Inject kills, cuts and a restart, with clocks 90 s apart."""
    name = f"a fleet of {size.workers} workers and {size.providers:,} providers"
    folder = context.folder / f"fleet-{size.workers}"
    server = folder.with_name(f"{folder.name}-server") / "postgresql"
    server.parent.mkdir(mode=0o700)
    try:
        return played(name, size, folder, server)
    finally:
        stop(server)


def played(name: str, size: Size, folder: Path, server: Path) -> Result:
    """Run the fleet through all faults, and check the result."""
    with fleet(folder, server, size.providers, size.every, size.pace) as stage:
        for number in range(size.workers):
            stage.start(number)
        patience = 2 * size.every + 60
        wrong = ["not all were polled"] * (not stage.until(POLLED, size.providers, 4 * patience))
        first = int(time.time()) // size.every + 1
        _harm(stage, size, server, first)
        latest = CURRENT.format(stage.lists.version - 1)
        wrong += ["the last change is missing"] * (
            not stage.until(latest, size.providers, patience)
        )
        wrong += ["messages are pending"] * (not stage.until(OPEN, 0, patience))
        wrong += stage.stop()
        wrong += [*_wrong_slots(stage, size, first), *_wrong_reports(stage)]
        return _result(name, size, stage, wrong)


def _harm(stage: FleetStage, size: Size, server: Path, first: int) -> None:
    """Inject all faults. Every second slot has a new version."""
    begin, end = first * size.every, (first + size.slots) * size.every
    for at, fault in _plan(size):
        while (now := time.time()) < begin + at * (end - begin):
            stage.lists.version = max(0, int(now - begin) // (2 * size.every) + 1)
            time.sleep(0.05)
        if fault == "kill":
            stage.kill(int(at * size.kills) % size.workers)
        elif fault == "cut":
            stage.cut()
        elif fault == "restart":
            restart(server)


def _plan(size: Size) -> list[tuple[float, str]]:
    """Return each fault with its share of the time."""
    spread = [(size.kills, "kill"), (size.cuts, "cut"), (1, "restart")]
    plan = [((each + 0.5) / many, fault) for many, fault in spread for each in range(many)]
    return sorted([*plan, (1.0, "end")])


def _wrong_slots(stage: FleetStage, size: Size, first: int) -> Iterator[str]:
    """Yield the slots that were not done exactly once."""
    done = Counter(stage.ask("SELECT provider, moment FROM done"))
    twice = [each for each, times in done.items() if times > 1]
    moments = [
        stamp(EPOCH + (first + k) * timedelta(seconds=size.every)) for k in range(size.slots)
    ]
    wanted = {(f"p{each}", moment) for each in range(size.providers) for moment in moments}
    missed = sorted(wanted - done.keys())
    yield from [f"{len(twice)} slots done twice, such as {twice[:1]}"] * bool(twice)
    yield from [f"{len(missed)} slots not done, such as {missed[:1]}"] * bool(missed)


def _wrong_reports(stage: FleetStage) -> Iterator[str]:
    """Yield a problem if a change was not reported exactly once."""
    wrong = stage.ask(REPORTED)
    yield from [f"{len(wrong)} changes not reported once, such as {wrong[:1]}"] * bool(wrong)
    sent = {row[0] for row in stage.ask("SELECT DISTINCT message_id FROM delivery")}
    lost = len(sent ^ stage.messages().keys())
    yield from [f"{lost} messages differ from those received"] * bool(lost)
    parts = "SELECT finding_id FROM delivery GROUP BY 1 HAVING count(*) <> 1"
    yield from ["a finding is in two messages"] * bool(stage.ask(parts))


def _result(name: str, size: Size, stage: FleetStage, wrong: list[str]) -> Result:
    again = sum(number - 1 for number in stage.messages().values())
    slots = f"{size.providers * size.slots:,} slots done once"
    faults = f"{size.kills} kills, {size.cuts} cuts, 1 restart of the server"
    return Result(
        name,
        outcomes=Counter(dict(stage.ask("SELECT outcome, count(*) FROM poll GROUP BY 1"))),
        reported=int(stage.ask("SELECT count(*) FROM finding")[0][0]),
        wrong=tuple(wrong),
        note="" if wrong else f"{slots}; {faults}; {again} messages sent again with their id",
    )
