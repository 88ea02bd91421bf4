"""Every kind of network fault, as the first thing that a poll gets of each new state."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from catalog.poll import Outcome
from catalog.recordings import find, shipped
from catalog.replay.faults import FAULTS
from tests.campaign.passes import Worker
from tests.campaign.result import Result, compare
from tests.campaign.stage import Stage, staged
from tests.campaign.story import Left, left, play

HISTORY = find(shipped())
SLOW = {"silence": 1.0, "drip": 1.0}
"""Deadlines in seconds for what would use up any."""
A_FEW = ("reset", "502", "truncated", "half-list", "new-field")


@contextmanager
def served(stage: Stage, kind: str) -> Iterator[None]:
    """Let the provider serve a fault."""
    stage.fault = kind
    try:
        yield
    finally:
        stage.fault = None


def undisturbed(folder: Path, worker: Worker, **how: Any) -> Left:
    """Poll the recorded history without a fault."""
    with staged(folder, worker, HISTORY) as stage:
        play(stage, **how)
        return left(stage)


def through(kind: str, folder: Path, worker: Worker, reference: Left) -> Result:
    """Poll the recorded history; each state but the first is first met through a fault.

    What nobody can tell from the truth comes after the true state has been seen: else the changes
    would be told in two steps.
    """
    fault = FAULTS[kind]
    believed = fault.outcome is Outcome.CHANGED

    def around(day: int, number: int) -> AbstractContextManager[None]:
        hit = day > 0 and number == int(believed)
        return served(stage, kind) if hit else nullcontext()

    with staged(folder, worker, HISTORY, deadline=SLOW.get(kind, 10)) as stage:
        play(stage, around)
        expected = str(fault.outcome)
        name = f"network: {kind}"
        return compare(name, stage, reference, believed=believed, expected=expected)
