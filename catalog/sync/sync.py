"""Run one poll, from the request to the alerts. Begin reading here."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from catalog.alerts.channel import Channel
from catalog.changes.finding import Finding
from catalog.changes.incident import Undelivered
from catalog.changes.judge import Case, judge
from catalog.changes.poll import Backlog, Outcome, Pass
from catalog.core.clock import Clock
from catalog.core.errors import CatalogError, DocumentError, InternalError
from catalog.core.payload import Answer, Validators
from catalog.core.run_id import current, running
from catalog.core.unexpected import log_unexpected
from catalog.providers.provider import Provider
from catalog.report.overview import Overview
from catalog.store import fast as fast_rows
from catalog.store import history, outbox, slots
from catalog.store.database import Database, Transaction
from catalog.store.moves import open_since
from catalog.store.record import record
from catalog.store.tables import plain
from catalog.sync.decide import Decision, Policy, Reading
from catalog.sync.deliver import Courier, recipients
from catalog.sync.fast import Answered, FastPath, confirm, unchanged
from catalog.sync.past import past
from catalog.sync.publish import Publisher
from catalog.sync.read import Reader
from catalog.sync.snapshot_cache import SnapshotCache
from catalog.sync.start import Start, begin, begin_fast, complete, resume

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Options:
    """The options of a poll.

    `accept` applies an answer that would be held. A `dry_run` rolls back its transaction, writes no
    document and sends no message. The pass finishes the `slot` of the schedule at its end. After a
    failed poll it finishes the slot only if this process has `claimed` it. If `answered` is set,
    the request is not repeated.
    """

    accept: bool = False
    dry_run: bool = False
    slot: datetime | None = None
    claimed: bool = False
    answered: Answered | None = None


PLAIN = Options()


@dataclass(frozen=True, slots=True)
class Sync:
    """The parts of a pass, built by config/build.py.

    Without `delivers`, a pass records its messages, and another process sends them.
    """

    provider: Provider
    fetch: Callable[[Validators], Answer]
    database: Database
    policy: Policy
    channels: Sequence[Channel]
    publisher: Publisher | None
    clock: Clock
    fast: FastPath | None = None
    delivers: bool = True
    cache: SnapshotCache = field(default_factory=SnapshotCache)

    def run(self, options: Options = PLAIN) -> Pass:
        """Poll once: request, record in one transaction, write the document, send messages.

        After a crash the next pass writes the document and sends the messages, because both are
        derived from the store. Raise StoreError.
        """
        with running():
            recorded, reader, answered = None, self._reader, options.answered
            while recorded is None:  # repeats if another process polled during the request
                if answered is None:
                    start = self._start(options)
                    reading = reader.request(start)  # network, so no transaction is open
                else:
                    start = resume(answered.row, answered.at, answered.monotonic)
                    reading = Reading(answered.answer, error=answered.error)
                    answered = None
                if result := self._confirm(start, reading, options):
                    return result
                recorded = self._record(start, reading, options)
            result = self._publish(*recorded, options)
            if not options.dry_run:
                pending = self.deliver(logging.INFO) if self.delivers else ()
                result = replace(result, pending=pending)
                self._finish(result, options)
            poll = result.poll
            logger.info("%s: %s, %d findings", poll.provider, poll.outcome, len(poll.findings))
            return result

    def deliver(self, level: int = logging.WARNING, only: str | None = None) -> tuple[Backlog, ...]:
        """Send the due messages, and return the pending ones.

        Failures are logged at `level`. With `only`, one channel is served.
        """
        name, lifecycle = self.provider.name, self.provider.lifecycle

        def judge_one(change: Undelivered) -> Finding:
            at, levels = self.clock(), self.policy.levels
            return judge(
                (change,), Case(name, at, self.provider.attributes, lifecycle, levels=levels)
            )[0]

        channels, database, clock = self.channels, self.database, self.clock
        return Courier(name, channels, database, clock, judge_one, level).deliver(only)

    @property
    def _reader(self) -> Reader:
        return Reader(self.provider, self.fetch, self.database, self.policy, self.cache)

    def _start(self, options: Options) -> Start:
        is_plain = self.fast is not None and not (options.accept or options.dry_run)
        start = begin_fast(self.fast, self.clock) if self.fast and is_plain else None
        return start or begin(self.database, self.provider.name, self.clock)

    def _confirm(self, start: Start, reading: Reading, options: Options) -> Pass | None:
        """Record an unchanged poll, or return None for a full pass."""
        if self.fast is None or start.row is None:
            return None
        poll = unchanged(self.provider.name, start.at, start.elapsed_ms, reading.answer)
        return confirm(self.fast.file, start.row, poll, options.slot, claimed=options.claimed)

    def _record(
        self, start: Start, reading: Reading, options: Options
    ) -> tuple[Pass, Overview | None] | None:
        """Record the poll, or return None if another process changed the snapshot."""
        if start.row is not None:
            full = complete(start, self.database, self.provider.name)
            if full is None:
                return None
            start = full
        try:
            return self._commit(start, self._reader.read(start, reading), options)
        except CatalogError:
            raise
        except Exception as error:  # noqa: BLE001  # because an answer can cause any exception
            failed = self._reader.failed(error)
        return self._commit(start, failed, options)

    def _commit(
        self, start: Start, reading: Reading, options: Options
    ) -> tuple[Pass, Overview | None] | None:
        name, known = self.provider.name, start.known
        decision = Decision(self.provider, self.policy, start.at, start.elapsed_ms, options.accept)
        with self.database.writing(keep=not options.dry_run, of=name) as connection:
            # Under the lock of an import nothing can have changed since the start.
            inside = known if self.database.is_locked else history.baseline(connection, name)
            if inside.state != known.state:
                return None
            seen = past(connection, self.cache, start, decision, reading)
            poll = decision.decide(seen, reading)
            number = record(connection, poll, recipients(self.channels), inside, seen.snapshot)
            if self.fast is not None:
                fast_rows.reserve(connection, name, current())
            # A dry run reads this before it rolls back the transaction. Other runs read it later,
            # because a long transaction would block other processes.
            overview = self._overview(connection, number) if options.dry_run else None
        if poll.snapshot is not None and number is not None and not options.dry_run:
            self.cache.keep(poll.snapshot, number)
        return Pass(poll, number), overview

    def _overview(self, connection: Transaction, number: int | None) -> Overview | None:
        if self.publisher is None or number is None:
            return None
        return self.publisher.overview(connection, number, self.cache.numbered(number))

    def _publish(self, result: Pass, overview: Overview | None, options: Options) -> Pass:
        """Write the document. Its errors are returned, because messages are still sent."""
        if self.publisher is None:
            return result
        try:
            if not options.dry_run:
                with self.database.reading() as connection:
                    overview = self._overview(connection, result.snapshot)
            if overview is None:
                return result
            document = self.publisher.publish(overview, dry_run=options.dry_run)
            return replace(result, document=document)
        except DocumentError as error:
            return replace(result, document_error=error)
        except CatalogError:
            raise
        except Exception as error:  # noqa: BLE001  # because the recorded change must be reported
            text = log_unexpected(logger, "the document could not be written", error)
            return replace(result, document_error=InternalError(text))

    def _finish(self, result: Pass, options: Options) -> None:
        """Finish the slot. Allow the fast path if no work is pending."""
        poll, slot = result.poll, options.slot
        is_done = options.claimed or poll.outcome is not Outcome.FAILED
        wrong = poll.error or result.document_error or result.snapshot is None
        if self.fast is None and slot is None:
            return
        with self.database.writing(ends_fast_path=False) as connection:
            if slot is not None and is_done:
                slots.finish(plain(connection), poll.provider, slot, self.clock())
            if self.fast is None or wrong or self._has_work(connection, poll.started_at):
                return
            known = history.baseline(connection, poll.provider)
            row = self.fast.new_row(poll.started_at, known, result.document)
            fast_rows.fill_in(connection, row, current())

    def _has_work(self, connection: Transaction, started: datetime) -> bool:
        """Return whether messages, removals, flapping or implausible values are pending."""
        name, after = self.provider.name, started - self.policy.settles_after
        return bool(
            outbox.has_pending(connection, [channel.name for channel in self.channels])
            or history.missing(connection, name)
            or open_since(connection, name, after)
        )
