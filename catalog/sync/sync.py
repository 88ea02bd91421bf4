"""One pass, from the question to the people who are told: the table of contents of the project."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from catalog.alerts.channel import Channel
from catalog.changes.finding import Finding
from catalog.changes.flapping import Move, settled
from catalog.changes.incident import Undelivered
from catalog.changes.judge import Case, judge
from catalog.changes.poll import Backlog, Pass
from catalog.core.clock import Clock, stamp
from catalog.core.errors import (
    CatalogError,
    DocumentError,
    InternalError,
    PayloadInvalid,
    ProviderError,
)
from catalog.core.payload import Answer, NotModified, Validators
from catalog.core.run_id import current, running
from catalog.core.snapshot import Snapshot
from catalog.core.strict_json import JsonText
from catalog.core.unexpected import REPORT, log_unexpected
from catalog.providers.provider import Provider
from catalog.report.overview import Overview
from catalog.store import changelog, forecasts, history, outbox, polls
from catalog.store import rest as resting
from catalog.store.database import Database, Transaction
from catalog.store.moves import damped, of_models, since
from catalog.store.record import record
from catalog.store.rest import Terms
from catalog.sync.current import Memory
from catalog.sync.decide import Decision, Past, Policy, Reading
from catalog.sync.deliver import Courier, recipients
from catalog.sync.publish import Publisher
from catalog.sync.quick import Asked

logger = logging.getLogger(__name__)
SET_BACK = timedelta(hours=1)
"""So much a clock may go back by a mistake with summer time, or when it is set."""
WRITTEN = datetime(2025, 1, 1, tzinfo=UTC)
"""This program is younger: a clock before that is not set yet, as of a machine without battery."""


@dataclass(frozen=True, slots=True)
class Sync:
    """Everything that a pass needs, built by config/build.py."""

    provider: Provider
    fetch: Callable[[Validators], Answer]
    database: Database
    policy: Policy
    channels: Sequence[Channel]
    publisher: Publisher | None
    clock: Clock
    terms: Terms | None = None
    memory: Memory = field(default_factory=Memory)

    def run(
        self, *, accept: bool = False, dry_run: bool = False, asked: Asked | None = None
    ) -> Pass:
        """Read the provider, record what came of it, then derive document and messages.

        1. ask, validate, normalize: no transaction is held across the network
        2. in one transaction: read the state in force again, compare, judge, write
        3. write the document where it differs
        4. send what is owed
        5. note whether anything is left to do, under `terms`

        Whatever a crash cuts off after step 2, the next pass mends: all is derived from the store.
        A dry run undoes its transaction, then writes and sends nothing. What was `asked` already is
        not asked again.
        """
        with running():
            return self._run(accept=accept, dry_run=dry_run, asked=asked)

    def _run(self, *, accept: bool, dry_run: bool, asked: Asked | None) -> Pass:
        result, overview = self._recorded(accept=accept, dry_run=dry_run, asked=asked)
        result = self._publish(result, overview, dry_run=dry_run)
        if not dry_run:
            result = replace(result, pending=self.deliver())
            self._rest(result)
        poll = result.poll
        logger.info("%s: %s, %d findings", poll.provider, poll.outcome, len(poll.findings))
        return result

    def deliver(self) -> tuple[Backlog, ...]:
        """Send what is due, also between two passes; return what stays owed."""
        name, lifecycle = self.provider.name, self.provider.lifecycle

        def judge_one(change: Undelivered) -> Finding:
            at, levels = self.clock(), self.policy.levels
            return judge(
                (change,), Case(name, at, self.provider.attributes, lifecycle, levels=levels)
            )[0]

        return Courier(name, self.channels, self.database, self.clock, judge_one).deliver()

    def _recorded(
        self, *, accept: bool, dry_run: bool, asked: Asked | None
    ) -> tuple[Pass, Overview | None]:
        """Record a poll; one that breaks off with an unexpected exception is recorded as failed."""
        try:
            return self._commit(accept=accept, dry_run=dry_run, asked=asked)
        except CatalogError:
            raise
        except Exception as error:  # noqa: BLE001  # whatever an answer leads to
            what = f"the poll of {self.provider.name} broke off"
            broken = Reading(error=ProviderError(log_unexpected(logger, what, error), hint=REPORT))
        return self._commit(accept=accept, dry_run=dry_run, asked=None, reading=broken)

    def _commit(
        self,
        *,
        accept: bool,
        dry_run: bool,
        asked: Asked | None,
        reading: Reading | None = None,
    ) -> tuple[Pass, Overview | None]:
        clock = time.monotonic() - (asked.duration_ms / 1000 if asked else 0)
        while True:
            known, last = self._known()
            if asked and not _still_holds(asked, known, last):
                asked, clock = None, time.monotonic()
            started = self._now(last, asked)
            came = reading or self._read_twice(known, started, asked)
            asked = None
            elapsed = round((time.monotonic() - clock) * 1000)
            decision = Decision(self.provider, self.policy, started, elapsed, accept)
            with self.database.writing(keep=not dry_run, of=self.provider.name) as connection:
                inside = history.baseline(connection, self.provider.name)
                if inside.state != known.state:
                    continue  # another process moved it: what was read belongs to an old state
                past = self._past(connection, known, came, started)
                past = replace(past, polled_at=None if last is None else last.started_at)
                past = replace(past, settled=self._settled(connection, past, started))
                if known.number is not None and past.snapshot is None and decision.reminds(past):
                    past = replace(past, snapshot=self.memory.state(connection, known))
                poll = decision.decide(past, came)
                number = record(connection, poll, recipients(self.channels), inside, past.snapshot)
                if self.terms is not None:
                    resting.begin(connection, self.provider.name, current())
                # What a dry run undoes can only be read now; else nobody has to wait for it.
                overview = self._overview(connection, number) if dry_run else None
            if poll.snapshot is not None and number is not None and not dry_run:
                self.memory.keep(poll.snapshot, number)
            return Pass(poll, number), overview

    def _known(self) -> tuple[history.Baseline, polls.PastPoll | None]:
        if not self.database.exists:
            return history.Baseline(), None
        with self.database.reading() as connection:
            name = self.provider.name
            known, missing = history.baseline(connection, name), history.missing(connection, name)
            return replace(known, missing=missing), polls.newest(connection, name)

    def _now(self, last: polls.PastPoll | None, asked: Asked | None) -> datetime:
        """Return the moment of this poll: that of the last one where the clock was set back a bit.

        Where it is back by more than that, the last poll is the odd one: to wait for its time would
        put off whatever is told by time. But a clock that was never set is not followed.
        """
        now = asked.started_at if asked else self.clock()
        if last is None or last.started_at <= now:
            return now
        present, then = stamp(now), stamp(last.started_at)
        if last.started_at - now > SET_BACK and now >= WRITTEN:
            text = (
                "the clock is at %s, long before the last poll, of %s: that one's clock was ahead"
            )
            logger.warning(text, present, then)
            return now
        logger.warning("the clock is at %s, before the last poll: %s is used", present, then)
        return last.started_at

    def _read(
        self, known: history.Baseline, started: datetime, asked: Asked | None = None
    ) -> Reading:
        answer: Answer | None = None
        try:
            answer = self._answer(known, asked)
            if isinstance(answer, NotModified) or answer.digest == known.payload:
                return Reading(answer, self._without_missing(known, started))
            from catalog.providers.validate import (
                validate,  # heavy: not loaded where nothing is new
            )

            valid = validate(answer, self.provider, self._facts_in_force(known))
            candidate = replace(self.provider.normalize(valid), taken_at=started)
        except (ProviderError, PayloadInvalid) as error:
            return Reading(answer, error=error)
        return Reading(answer, candidate, valid.drift)

    def _facts_in_force(self, known: history.Baseline) -> frozenset[JsonText]:
        state = self._state(known)
        return frozenset(model.facts for model in state.models) if state else frozenset()

    def _state(self, known: history.Baseline) -> Snapshot | None:
        """Return the state in force, read outside of a transaction that writes."""
        if known.number is None:
            return None
        with self.database.reading() as connection:
            return self.memory.state(connection, known)

    def _answer(self, known: history.Baseline, asked: Asked | None) -> Answer:
        if asked is None:
            return self.fetch(known.validators)
        if isinstance(asked.came, ProviderError):
            raise asked.came
        return asked.came

    def _read_twice(
        self, known: history.Baseline, started: datetime, asked: Asked | None
    ) -> Reading:
        """Ask again soon after where models are missing and the policy wants that."""
        reading = self._read(known, started, asked)
        if self.policy.removals != "again":
            return reading
        missing = self._newly_missing(known, reading.candidate)
        if not missing:
            return reading
        time.sleep(self.policy.again_after.total_seconds())
        second = self._read(replace(known, validators=Validators()), started)
        if second.error is not None:
            logger.warning("%s could not be asked again: %s", self.provider.name, second.error)
            return reading
        return replace(second, confirmed=missing & self._newly_missing(known, second.candidate))

    def _newly_missing(self, known: history.Baseline, candidate: Snapshot | None) -> frozenset[str]:
        before = self._state(known)
        if candidate is None or candidate.digest == known.digest or before is None:
            return frozenset()
        return frozenset(before.by_key.keys() - candidate.by_key.keys() - known.missing.keys())

    def _without_missing(self, known: history.Baseline, started: datetime) -> Snapshot | None:
        """Return what the same answer as before says now: its missing models are gone."""
        state = self._state(known)
        if not known.missing or state is None:
            return None
        models = (model for model in state.models if model.key not in known.missing)
        return Snapshot.of(state.provider, started, models)

    def _past(
        self,
        connection: Transaction,
        known: history.Baseline,
        reading: Reading,
        started: datetime,
    ) -> Past:
        name = self.provider.name
        gone = self.memory.gone(connection, name, known)
        past = Past(
            digest=known.digest,
            gone={each.model.key: each for each in gone},
            evidence=(evidence := forecasts.evidence(connection, name, gone)),
            reminded=forecasts.reports(connection, name) if gone or evidence.noted else {},
            unwell=polls.unwell(connection, name),
            missing=known.missing,
        )
        if reading.drift:
            past = replace(past, told=changelog.reported_drift(connection, name))
        if reading.candidate is None or reading.candidate.digest == known.digest:
            return past
        doubt, snapshot, held = self.policy.doubt, self.memory.state(connection, known), 0
        if doubt.about(snapshot, reading.candidate) is not None:
            lacking = reading.candidate.lacking(snapshot)
            held = polls.held_in_a_row(connection, name, lacking, started, doubt.apart)
        moved = reading.candidate.differing(snapshot) if snapshot else ()
        moves = since(connection, name, started - self.policy.settles_after, moved)
        return replace(past, held=held, snapshot=snapshot, moves=moves)

    def _settled(
        self, connection: Transaction, past: Past, started: datetime
    ) -> tuple[tuple[Move, Move], ...]:
        """Return what flapped, has stayed long enough since the poll before, and is to be told."""
        name, until = self.provider.name, started - self.policy.settles_after
        if past.polled_at is None:
            return ()
        after = past.polled_at - self.policy.settles_after
        keys = damped(connection, name, after, until)
        return settled(of_models(connection, name, keys), until) if keys else ()

    def _overview(self, connection: Transaction, number: int | None) -> Overview | None:
        if self.publisher is None or number is None:
            return None
        return self.publisher.overview(connection, number)

    def _stored_overview(self, number: int | None) -> Overview | None:
        with self.database.reading() as connection:
            return self._overview(connection, number)

    def _publish(self, result: Pass, overview: Overview | None, *, dry_run: bool) -> Pass:
        """Write the document; whatever that breaks off with, the messages are sent."""
        if self.publisher is None:
            return result
        try:
            if not dry_run:
                overview = self._stored_overview(result.snapshot)
            if overview is None:
                return result
            return replace(result, document=self.publisher.publish(overview, dry_run=dry_run))
        except DocumentError as error:
            return replace(result, document_error=error)
        except CatalogError:
            raise
        except Exception as error:  # noqa: BLE001  # the change is known: it is told all the same
            text = log_unexpected(logger, "the document could not be written", error)
            return replace(result, document_error=InternalError(text))

    def _rest(self, done: Pass) -> None:
        """Note that nothing is left to do, where that is so: the next poll need not look again."""
        wrong = done.poll.error or done.document_error or done.snapshot is None
        if self.terms is None or wrong:
            return
        name, started = self.provider.name, done.poll.started_at
        with self.database.writing(stirs=False) as connection:
            if self._waits(connection, started):
                return
            known = history.baseline(connection, name)
            rest = self.terms.rest(name, started, known, done.document)
            resting.settle(connection, rest, current())

    def _waits(self, connection: Transaction, started: datetime) -> bool:
        """Whether a message is owed, a removal is to be confirmed, or what flaps has to stay."""
        name, after = self.provider.name, started - self.policy.settles_after
        return bool(
            outbox.has_pending(connection, [channel.name for channel in self.channels])
            or history.missing(connection, name)
            or damped(connection, name, after, started)
        )


def _still_holds(asked: Asked, known: history.Baseline, last: polls.PastPoll | None) -> bool:
    """Whether what was asked before is about the state that is in force now.

    Where another process has polled meanwhile, it may be about the one before.
    """
    return known.number == asked.snapshot and (last is None or last.started_at <= asked.started_at)
