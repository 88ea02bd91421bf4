"""Retry requests, limited in number and time, after the requested wait."""

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
"""The maximum `Retry-After` in seconds."""

log = logging.getLogger("catalog.core.http")


def retry(
    attempt: Callable[[float], Result], *, attempts: int, seconds: float, backoff: float
) -> Result:
    """Call `attempt` until it succeeds, or raise its last error.

    `attempt` gets the seconds left. There are at most `attempts` calls, and all calls and waits
    take at most `seconds`. Only a retryable ProviderError is retried: after the wait that the
    server requested, else after `backoff` seconds, doubled each time, plus jitter. A wait longer
    than the time left is not started.
    """
    until = time.monotonic() + seconds
    try:
        return attempt(seconds)
    except ProviderError as error:
        if not error.retryable:
            raise
        failed: list[ProviderError] = [error]

    def resume(left: float) -> Result:
        """Raise the error of the first call once, then call again."""
        if failed:
            raise failed.pop()
        return attempt(left)

    return _with_waits(resume, attempts, until, backoff)


def _with_waits(
    attempt: Callable[[float], Result], attempts: int, until: float, backoff: float
) -> Result:
    import stamina  # here, because it takes 25 ms and most requests succeed at once

    # Replaced, because stamina's own hooks log to stdout if structlog is installed.
    stamina.instrumentation.set_on_retry_hooks([_log_retry])
    longest, seconds = 0.0, until - time.monotonic()

    def decide(error: Exception) -> bool | float:
        if not isinstance(error, ProviderError) or not error.retryable:
            return False
        pause = error.retry_after
        wait = longest if pause is None else pause
        if wait >= until - time.monotonic():
            return False
        return True if pause is None else pause

    for trial in stamina.retry_context(
        on=decide,
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


def retry_after(header: str | None, now: datetime) -> float | None:
    """Return the seconds of a `Retry-After`, a number or an HTTP date.

    None means that it cannot be parsed.
    """
    text = (header or "").strip()
    if text.isascii() and text.isdecimal():
        return min(float(text), LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(text)
        # UTC, because every HTTP date is in UTC.
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        seconds = (aware - now).total_seconds()
    except (ValueError, OverflowError):
        return None
    return min(max(0.0, seconds), LONGEST_WAIT)


def _log_retry(details: "RetryDetails") -> None:
    # The level is INFO, because the last error is reported in any case.
    log.info(
        "attempt %d failed: %s; trying again in %.1f s",
        details.retry_num,
        details.caused_by,
        details.wait_for,
    )
