"""Faults around the program: those who are told, and the clock."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import timedelta
from pathlib import Path

from tests.campaign.network import HISTORY
from tests.campaign.passes import Worker
from tests.campaign.result import Result, compare
from tests.campaign.stage import staged
from tests.campaign.story import DAY, EVERY, PASSES, START, Left, play

HOUR = timedelta(hours=1)
DOWN = 8
"""Hours of each day in which one channel's server is down; the other one is up."""


def channel_down(folder: Path, worker: Worker, reference: Left) -> Result:
    """Let one channel's server be down for hours of simulated time each day, in 24 passes."""
    with staged(folder, worker, HISTORY) as stage:

        @contextmanager
        def down() -> Iterator[None]:
            stage.receivers.down.add("ops")
            try:
                yield
            finally:
                stage.receivers.down.clear()

        def around(day: int, number: int) -> AbstractContextManager[None]:
            return down() if day and number < DOWN else nullcontext()

        play(stage, around, passes=24, every=HOUR)
        note = f"{stage.receivers.refused} attempts refused" if stage.receivers.refused else ""
        return compare(f"channel down for {DOWN} h a day", stage, reference, note=note)


def clock_back(folder: Path, worker: Worker, reference: Left) -> Result:
    """Set a clock that was ahead back by an hour, while a new state comes up."""
    with staged(folder, worker, HISTORY) as stage:
        for day in range(len(HISTORY)):
            for number in range(PASSES + 1):
                stage.run(START + day * DAY + number * EVERY, scheduled=True)
            # It says 01:00 of the next day an hour early; that day then begins at 00:00.
            stage.run(START + (day + 1) * DAY + HOUR, scheduled=True)
            stage.provider.advance()
        return compare("clock set back an hour", stage, reference, expected="skipped")
