"""Shared parts of every scenario: place, worker, random numbers, run without faults."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Any

from catalog.providers.recordings import Recording, find, shipped
from tests.campaign.history import PASSES, START, Around, Left, left, play, untouched
from tests.campaign.stage import Stage, staged
from tests.campaign.worker import Worker

HISTORY = find(shipped())


@dataclass(frozen=True)
class Context:
    """The place of scenarios. `days` is the number of polled recorded states."""

    folder: Path
    worker: Worker
    dice: Random
    days: int = len(HISTORY)

    def stage(
        self, name: str, recordings: Sequence[Recording] = HISTORY, **how: Any
    ) -> AbstractContextManager[Stage]:
        """Make a stage of that name."""
        return staged(self.folder / name, self.worker, recordings, **how)

    def play(
        self, stage: Stage, around: Around = untouched, *, passes: int = PASSES, **how: Any
    ) -> None:
        """Poll the recorded history with a fault in it."""
        play(stage, around, passes=passes, days=self.days, **how)

    @cached_property
    def undisturbed(self) -> Left:
        """The result of the recorded history without a fault."""
        with self.stage("undisturbed") as stage:
            self.play(stage)
            return left(stage)

    def warm_up(self) -> None:
        """Make the worker load all modules."""
        with self.stage("warm-up") as stage:
            self.worker.warm_up(stage.folder, START)
