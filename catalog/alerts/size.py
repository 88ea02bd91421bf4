"""Limit the size of a message, with a short one as fallback."""

import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import TypeVar

from catalog.core.errors import DeliveryFailed

Sent = TypeVar("Sent")

WEBHOOK_BYTES = 256 * 1024
SLACK_CHARACTERS = 16_000
MAIL_BYTES = 1024 * 1024
LONG = 2_000
"""Bytes. A 400 for a longer message may be about its length."""

logger = logging.getLogger(__name__)


def characters(text: str) -> int:
    """Count UTF-16 units, as chats do. An emoji is two."""
    return len(text) + sum(character > "\uffff" for character in text)


def largest(high: int, fits: Callable[[int], bool]) -> int:
    """Return the largest number from 0 to `high` that fits, or -1.

    A number below one that fits must fit too. `high` is tried first, because it often fits.
    """
    if fits(high):
        return high
    low = -1
    while high - low > 1:
        middle = (low + high) // 2
        if fits(middle):
            low = middle
        else:
            high = middle
    return low


def is_too_large(status: int | None, size: int) -> bool:
    """Return whether a shorter message may be accepted. `size` is in bytes."""
    if status == HTTPStatus.BAD_REQUEST:
        return size > LONG
    return status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE


def attempt(
    send: Callable[[Sent], DeliveryFailed | None], whole: Sent, short: Callable[[], Sent]
) -> DeliveryFailed | None:
    """Send the whole message, or a short one if too large.

    Return the last failure, or None after success.
    """
    failure = send(whole)
    if failure is None or not failure.too_large:
        return failure
    logger.warning("%s; a short message is sent instead", failure)
    return send(short())
