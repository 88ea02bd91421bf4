"""Faults around the program: those who are told, and the clock."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from datetime import timedelta

from catalog.phrases import count
from tests.campaign.ground import Ground
from tests.campaign.result import Result, compare
from tests.campaign.story import DAY, EVERY, PASSES, START

HOUR = timedelta(hours=1)
SHORT = 1_000
"""Bytes: more than a short message has, and less than one that names a change."""


def channel_down(hours: int, ground: Ground) -> Result:
    """Let one channel's server be down for hours of simulated time each day; the other is up."""
    with ground.stage("channel-down") as stage:

        @contextmanager
        def down() -> Iterator[None]:
            stage.receivers.down.add("ops")
            try:
                yield
            finally:
                stage.receivers.down.clear()

        def around(day: int, number: int) -> AbstractContextManager[None]:
            return down() if day and number < hours else nullcontext()

        ground.play(stage, around, passes=3 * hours, every=HOUR)
        result = compare(f"channel down for {hours} h a day", stage, ground.undisturbed)
        refused = stage.receivers.refused
        wrong = (*result.wrong, *["no attempt was refused"] * (not refused))
        return replace(result, wrong=wrong, note=f"{refused} attempts refused")


def too_large(ground: Ground) -> Result:
    """Let one channel's server take only short messages; the other takes all."""
    with ground.stage("too-large") as stage:
        stage.receivers.most["ops"] = SHORT
        ground.play(stage)
        result = compare("a channel that takes only short messages", stage, ground.undisturbed)
        refused = stage.receivers.refused
        wrong = (*result.wrong, *["no message was too large"] * (not refused))
        return replace(result, wrong=wrong, note=f"{count(refused, 'message')} refused with 413")


def clock_back(ground: Ground) -> Result:
    """Set a clock that was ahead back by an hour, while a new state comes up."""
    with ground.stage("clock-back") as stage:
        for day in range(ground.days):
            for number in range(PASSES + 1):
                stage.run(START + day * DAY + number * EVERY, scheduled=True)
            # It says 01:00 of the next day an hour early; that day then begins at 00:00.
            stage.run(START + (day + 1) * DAY + HOUR, scheduled=True)
            stage.provider.advance()
        return compare("clock set back an hour", stage, ground.undisturbed, expected="skipped")
