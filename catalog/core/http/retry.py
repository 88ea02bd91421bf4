"""When to try again, and how long to wait: capped in number and in time, as the server asks."""

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, TypeVar

from catalog.core.errors import ProviderError

if TYPE_CHECKING:
    from stamina.instrumentation import RetryDetails

Result = TypeVar("Result")

LONGEST_WAIT = 366 * 86400.0
"""Seconds; a longer `Retry-After` means no more than this."""

log = logging.getLogger("catalog.core.http")


def insist(
    attempt: Callable[[float], Result], *, attempts: int, seconds: float, backoff: float
) -> Result:
    """Call `attempt` until it succeeds, and raise its last error if it never does.

    It is told how many seconds are left. At most `attempts` calls are made, and all calls and waits
    take at most `seconds`. Only a ProviderError that is retryable is tried again: after the wait
    that the server asked for, else after `backoff` seconds, doubled each time, plus jitter. A wait
    that does not fit into the time left is not begun.
    """
    until = time.monotonic() + seconds
    try:
        return attempt(seconds)
    except ProviderError as error:
        if not error.retryable:
            raise
        failed: list[ProviderError] = [error]

    def go_on(left: float) -> Result:
        """Fail as the first call did, where that is counted; then call."""
        if failed:
            raise failed.pop()
        return attempt(left)

    return _again(go_on, attempts, until, backoff)


def _again(
    attempt: Callable[[float], Result], attempts: int, until: float, backoff: float
) -> Result:
    import stamina  # 25 ms, and most requests succeed at once

    # stamina's own hooks would log through structlog to stdout wherever that is installed.
    stamina.instrumentation.set_on_retry_hooks([_tell])
    longest, seconds = 0.0, until - time.monotonic()

    def again(error: Exception) -> bool | float:
        if not isinstance(error, ProviderError) or not error.retryable:
            return False
        asked = error.retry_after
        wait = longest if asked is None else asked
        if wait >= until - time.monotonic():
            return False
        return True if asked is None else asked

    for trial in stamina.retry_context(
        on=again,
        attempts=attempts,
        timeout=seconds,
        wait_initial=backoff,
        wait_max=seconds,
        wait_jitter=backoff,
    ):
        longest = trial.next_wait + backoff
        with trial:
            return attempt(until - time.monotonic())
    raise AssertionError("unreachable")


def seconds_asked(header: str | None, now: datetime) -> float | None:
    """Read a `Retry-After`: seconds, or the seconds until an HTTP date; None for anything else."""
    text = (header or "").strip()
    if text.isascii() and text.isdecimal():
        return min(float(text), LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(text)
        # A date without a zone is meant in UTC, as every HTTP date is.
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        seconds = (aware - now).total_seconds()
    except (ValueError, OverflowError):
        return None
    return min(max(0.0, seconds), LONGEST_WAIT)


def _tell(details: "RetryDetails") -> None:
    log.warning(
        "attempt %d failed: %s; trying again in %.1f s",
        details.retry_num,
        details.caused_by,
        details.wait_for,
    )
