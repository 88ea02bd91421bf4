"""Faults of the receivers and the clock."""

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from datetime import timedelta

from catalog.core.text import count
from tests.campaign.history import DAY, EVERY, PASSES, START
from tests.campaign.result import Result, compare
from tests.campaign.scenario import Context
from tests.campaign.stage import Stage
from tests.support.http_server import Exchange

HOUR = timedelta(hours=1)
SHORT = 1_000
"""Bytes: more than a short message has, and less than a message with a change."""
SLOW = 10.0
"""Seconds. A longer pass was delayed by the fault."""


ODD = ("http://xn--a/", "javascript:alert(1)", "http://[::1", "//")
"""Broken or dangerous targets of a receiver's redirects."""


def channel_down(hours: int, context: Context) -> Result:
    """Stop one channel's server for hours of simulated time each day.

    The other server runs.
    """
    with context.stage("channel-down") as stage:
        return _down(f"channel down for {hours} h a day", hours, context, stage)


def odd_redirect(hours: int, context: Context) -> Result:
    """Redirect one channel to odd targets for hours each day.

    The other channel works.
    """

    def odd(exchange: Exchange) -> None:
        place = ODD[stage.receivers.refused % len(ODD)]
        exchange.send(302, {"Location": place}, b"")

    with context.stage("odd-redirect") as stage:
        stage.receivers.odd = odd
        return _down(f"channel redirects oddly for {hours} h a day", hours, context, stage)


def secret_prefix(context: Context) -> Result:
    """Return each prefix of the URL in the answers of all receivers."""

    def says(url: str) -> bytes:
        beginnings = [f"{url[:length]}!" for length in range(6, len(url))]
        return json.dumps({"docs": beginnings * 50}).encode()

    with context.stage("secret-prefix") as stage:
        stage.receivers.says = says
        context.play(stage)
        result = compare("receivers repeat a prefix of their URL", stage, context.undisturbed)
        slow = [f"a pass took {result.longest:.1f} s"] * (result.longest > SLOW)
        return replace(result, wrong=(*result.wrong, *slow))


def _down(fault: str, hours: int, context: Context, stage: Stage) -> Result:

    @contextmanager
    def down() -> Iterator[None]:
        stage.receivers.down.add("ops")
        try:
            yield
        finally:
            stage.receivers.down.clear()

    def around(day: int, number: int) -> AbstractContextManager[None]:
        return down() if day and number < hours else nullcontext()

    context.play(stage, around, passes=3 * hours, every=HOUR)
    result = compare(fault, stage, context.undisturbed)
    refused = stage.receivers.refused
    wrong = (*result.wrong, *["no attempt was refused"] * (not refused))
    return replace(result, wrong=wrong, note=f"{refused} attempts refused")


def too_large(context: Context) -> Result:
    """Accept only short messages at one channel. The other accepts all."""
    with context.stage("too-large") as stage:
        stage.receivers.most["ops"] = SHORT
        context.play(stage)
        result = compare("a channel that takes only short messages", stage, context.undisturbed)
        refused = stage.receivers.refused
        wrong = (*result.wrong, *["no message was too large"] * (not refused))
        return replace(result, wrong=wrong, note=f"{count(refused, 'message')} refused with 413")


def clock_back(context: Context) -> Result:
    """Set a clock that was ahead back by an hour.

    A new state appears at the same time.
    """
    with context.stage("clock-back") as stage:
        for day in range(context.days):
            for number in range(PASSES + 1):
                stage.run(START + day * DAY + number * EVERY, scheduled=True)
            # The clock shows 01:00 of the next day an hour early, and that day then starts at
            # 00:00.
            stage.run(START + (day + 1) * DAY + HOUR, scheduled=True)
            stage.provider.advance()
        return compare("clock set back an hour", stage, context.undisturbed, expected="skipped")
