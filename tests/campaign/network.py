"""Serve each network fault as the first answer of a new state."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from catalog.changes.flapping import SETTLES_AFTER
from catalog.changes.poll import Outcome
from catalog.replay.faults import FAULTS
from tests.campaign.history import DAY, START
from tests.campaign.result import Result, compare
from tests.campaign.scenario import Context
from tests.campaign.stage import Stage

SLOW = {"silence": 1.0, "drip": 1.0}
"""Short deadlines in seconds for faults that use up any deadline."""
A_FEW = ("502", "half-list")
"""The faults of a quick run."""


@contextmanager
def served(stage: Stage, kind: str) -> Iterator[None]:
    """Serve a fault."""
    stage.fault = kind
    try:
        yield
    finally:
        stage.fault = None


def settle(stage: Stage, days: int) -> None:
    """Poll until each flapping value is settled."""
    for day in range(days, days + SETTLES_AFTER.days + 2):
        stage.run(START + day * DAY)


def through(kind: str, context: Context) -> Result:
    """Poll the recorded history, with a fault before each new state.

    The first state has no fault.

    A plausible fault follows the true state, because the changes would otherwise be reported in two
    steps. A value that it moves is quiet for a while and reported once it settles.
    """
    fault = FAULTS[kind]
    believed = fault.outcome is Outcome.CHANGED

    def around(day: int, number: int) -> AbstractContextManager[None]:
        hit = day > 0 and number == int(believed)
        return served(stage, kind) if hit else nullcontext()

    with context.stage(f"network-{kind}", deadline=SLOW.get(kind, 10)) as stage:
        context.play(stage, around)
        if believed:
            settle(stage, context.days)
        expected = str(fault.outcome)
        name = f"network: {kind}"
        return compare(name, stage, context.undisturbed, believed=believed, expected=expected)
