"""Send pending messages after a pass and, in the daemon, between passes."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import SystemRandom

from catalog.alerts.channel import Channel, Message
from catalog.alerts.timing import LONGEST_RETRY_AFTER, Digest, next_attempt
from catalog.changes.finding import Finding
from catalog.changes.incident import Undelivered
from catalog.changes.poll import Backlog
from catalog.core.clock import Clock, stamp
from catalog.core.errors import CatalogError, DeliveryFailed
from catalog.core.unexpected import REPORT, log_unexpected
from catalog.store import outbox
from catalog.store.database import Database
from catalog.store.record import Recipients, record_findings

logger = logging.getLogger(__name__)


def recipients(channels: Sequence[Channel]) -> Recipients:
    """Return the filter and the send times of each channel, by name."""
    return {channel.name: (channel.audience.wants, channel.timing.due) for channel in channels}


@dataclass(frozen=True, slots=True)
class Courier:
    """A sender of pending messages.

    When a message is given up, `judge` makes the finding that the other channels get. Refused
    messages are logged at `level`, because the result of a pass reports them too.
    """

    provider: str
    channels: Sequence[Channel]
    database: Database
    clock: Clock
    judge: Callable[[Undelivered], Finding]
    level: int = logging.WARNING

    def deliver(self, only: str | None = None) -> tuple[Backlog, ...]:
        """Send due messages, each channel's oldest first, and return the pending ones.

        After a channel refuses a message, it gets no other message until the next call. With
        `only`, one channel is served. Raise StoreError.
        """
        names = [each.name for each in self.channels if only in {None, each.name}]
        if not names:
            return ()
        while self._deliver_once(names):
            pass  # repeat, because the other channels get a finding about the lost message
        with self.database.reading() as connection:
            return outbox.pending(connection, self.provider, names)

    def _deliver_once(self, names: Sequence[str]) -> bool:
        with self.database.reading() as connection:
            due = outbox.due(connection, names, self.clock())
        given_up = [
            self._deliver_safely(channel) for channel in self.channels if channel.name in due
        ]
        return any(given_up)

    def _deliver_safely(self, channel: Channel) -> bool:
        """Deliver to a channel. An unexpected exception does not affect other channels."""
        try:
            return self._deliver_to(channel)
        except CatalogError:
            raise  # because no channel works without the database
        except Exception as error:  # noqa: BLE001  # because a stored message may be unreadable
            log_unexpected(logger, f"channel {channel.name}: sending stopped", error)
            return False

    def _deliver_to(self, channel: Channel) -> bool:
        """Send until no message is due or the channel refuses one.

        Return whether a message was given up.
        """
        given_up = False
        while item := self._claim(channel):
            failure = _sent(channel, item)
            if failure is None:
                with self.database.writing(ends_fast_path=False) as connection:
                    outbox.delivered(connection, item.message_id, self.clock())
            elif not self._postpone_or_give_up(channel, item, failure):
                break
            else:
                given_up = True
        return given_up

    def _claim(self, channel: Channel) -> outbox.PendingMessage | None:
        together = channel.timing.digest is not Digest.AT_ONCE
        with self.database.writing(ends_fast_path=False) as connection:
            return outbox.claim(connection, channel.name, self.clock(), together=together)

    def _postpone_or_give_up(
        self, channel: Channel, item: outbox.PendingMessage, error: DeliveryFailed
    ) -> bool:
        """Schedule the next attempt, or give up. Return whether it gave up."""
        now, attempts = self.clock(), item.attempts + 1
        chance = SystemRandom().random()
        again = next_attempt(attempts, now, error.retry_after, chance)
        with self.database.writing(ends_fast_path=False) as connection:
            if again is not None and not error.for_good:
                wait = again
                again = channel.timing.awake(wait, (each.level for each in item.findings))
                logger.log(self.level, "%s; next attempt not before %s", error, stamp(again))
                pause = error.retry_after
                paused_until = None if pause is None else now + _bounded(pause)
                since = (
                    now if again == wait else None
                )  # None, because quiet hours replaced the wait
                outbox.refused(
                    connection, item.message_id, str(error), again, paused_until, since=since
                )
                return False
            logger.error("%s; given up after attempt %d", error, attempts)
            is_reported = outbox.was_given_up(connection, channel.name)
            outbox.given_up(connection, item.message_id, str(error))
            if not is_reported:
                finding = self.judge(Undelivered(channel.name, str(error)))
                others = [each for each in self.channels if each.name != channel.name]
                record_findings(connection, (finding,), recipients(others))
        return True


def _sent(channel: Channel, item: outbox.PendingMessage) -> DeliveryFailed | None:
    """Send a message. Unexpected exceptions are returned as errors too."""
    try:
        at, used = item.findings[0].at, channel.audience.usage()
        channel.send(Message(item.message_id, item.provider, at, item.findings, used=used))
    except DeliveryFailed as error:
        return error
    except Exception as error:  # noqa: BLE001  # because one channel must not block the others
        what = f"channel {channel.name}: the message could not be sent"
        return DeliveryFailed(log_unexpected(logger, what, error), hint=REPORT)
    return None


def _bounded(seconds: float) -> timedelta:
    return timedelta(seconds=min(seconds, LONGEST_RETRY_AFTER))
