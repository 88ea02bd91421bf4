"""What is owed, sent: the last step of a pass, and the daemon's errand between two passes."""

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
from catalog.store.record import Recipients, tell

logger = logging.getLogger(__name__)


def recipients(channels: Sequence[Channel]) -> Recipients:
    """Return the channels as the store knows them: by name, with what they want and when."""
    return {channel.name: (channel.audience.wants, channel.timing.due) for channel in channels}


@dataclass(frozen=True, slots=True)
class Courier:
    """Sends what is owed to the channels.

    `judge` makes the finding for the operator when a channel will never take a message; it goes to
    the other channels.
    """

    provider: str
    channels: Sequence[Channel]
    database: Database
    clock: Clock
    judge: Callable[[Undelivered], Finding]

    def deliver(self) -> tuple[Backlog, ...]:
        """Send what is due, each channel's oldest message first; return what stays owed.

        A channel that refuses a message is left alone until the next time.
        """
        names = [channel.name for channel in self.channels]
        if not names:
            return ()
        while self._deliver_once(names):
            pass  # something was given up, and the others are to be told of it
        with self.database.reading() as connection:
            return outbox.pending(connection, self.provider, names)

    def _deliver_once(self, names: Sequence[str]) -> bool:
        with self.database.reading() as connection:
            due = outbox.due(connection, names, self.clock())
        given_up = [self._contained(channel) for channel in self.channels if channel.name in due]
        return any(given_up)

    def _contained(self, channel: Channel) -> bool:
        """Deliver to a channel; whatever it breaks off with, the others are told."""
        try:
            return self._deliver_to(channel)
        except CatalogError:
            raise  # the database: without it, nobody can be told
        except Exception as error:  # noqa: BLE001  # a stored message that cannot be read
            log_unexpected(logger, f"channel {channel.name}: nothing was sent", error)
            return False

    def _deliver_to(self, channel: Channel) -> bool:
        """Send until nothing is due or the channel refuses; return whether it was given up on."""
        given_up = False
        while item := self._claim(channel):
            failure = _sent(channel, item)
            if failure is None:
                with self.database.writing(ends_fast_path=False) as connection:
                    outbox.delivered(connection, item.message_id, self.clock())
            elif not self._refused(channel, item, failure):
                break
            else:
                given_up = True
        return given_up

    def _claim(self, channel: Channel) -> outbox.PendingMessage | None:
        together = channel.timing.digest is not Digest.AT_ONCE
        with self.database.writing(ends_fast_path=False) as connection:
            return outbox.claim(connection, channel.name, self.clock(), together=together)

    def _refused(
        self, channel: Channel, item: outbox.PendingMessage, error: DeliveryFailed
    ) -> bool:
        """Plan the next attempt, or give up; return whether it was given up."""
        now, attempts = self.clock(), item.attempts + 1
        chance = SystemRandom().random()
        again = next_attempt(attempts, now, error.retry_after, chance)
        with self.database.writing(ends_fast_path=False) as connection:
            if again is not None and not error.for_good:
                wait = again
                again = channel.timing.awake(wait, (each.level for each in item.findings))
                logger.warning("%s; tried again from %s on", error, stamp(again))
                pause = error.retry_after
                paused_until = None if pause is None else now + _bounded(pause)
                since = now if again == wait else None  # else it is an hour of the day
                outbox.refused(
                    connection, item.message_id, str(error), again, paused_until, since=since
                )
                return False
            logger.error("%s; given up, attempt %d was the last", error, attempts)
            told = outbox.was_given_up(connection, channel.name)
            outbox.given_up(connection, item.message_id, str(error))
            if not told:
                finding = self.judge(Undelivered(channel.name, str(error)))
                others = [each for each in self.channels if each.name != channel.name]
                tell(connection, (finding,), recipients(others))
        return True


def _sent(channel: Channel, item: outbox.PendingMessage) -> DeliveryFailed | None:
    """Send a message; return why that failed: an unexpected exception is a failed attempt too."""
    try:
        at, used = item.findings[0].at, channel.audience.usage()
        channel.send(Message(item.message_id, item.provider, at, item.findings, used=used))
    except DeliveryFailed as error:
        return error
    except Exception as error:  # noqa: BLE001  # one channel must not silence the others
        what = f"channel {channel.name}: the message could not be sent"
        return DeliveryFailed(log_unexpected(logger, what, error), hint=REPORT)
    return None


def _bounded(seconds: float) -> timedelta:
    return timedelta(seconds=min(seconds, LONGEST_RETRY_AFTER))
