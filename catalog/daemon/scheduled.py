"""Run one pass per scheduled slot over all processes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from catalog.changes.poll import Outcome, Pass
from catalog.core.run_id import running
from catalog.daemon.heartbeat import Pings
from catalog.daemon.schedule import Schedule
from catalog.store import polls, slots
from catalog.store.claims import present
from catalog.store.database import Database
from catalog.store.slots import Claim
from catalog.store.tables import plain
from catalog.sync.fast import Answered
from catalog.sync.sync import Options, Sync

if TYPE_CHECKING:
    from catalog.probes.run import Probing, Results


@dataclass(frozen=True, slots=True)
class Run:
    """The result of a slot.

    `result` is None if another process has run the slot or runs it.
    """

    provider: str
    claim: Claim
    result: Pass | None = None


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A Sync and its schedule. Claims expire after `limit`, the longest pass."""

    sync: Sync
    schedule: Schedule
    limit: timedelta
    pings: Pings | None = None

    @property
    def provider(self) -> str:
        """Return the name of the provider."""
        return self.sync.provider.name

    def run(self, answered: Answered | None = None) -> Run:
        """Run the latest slot, unless another process handles it."""
        with self._watched(answered):
            now = answered.at if answered else self.sync.clock()
            slot, fast = self.schedule.slot(now), self.sync.fast
            claim = fast.claim(slot, self.limit, now) if fast else None
            claim = claim or _claim(self.sync.database, self.provider, slot, now, self.limit)
            if not claim.is_ours:
                return Run(self.provider, claim)
            if self.pings is not None:
                self.pings.start()
            result = self.sync.run(Options(slot=claim.moment, claimed=True, answered=answered))
            self._ping(result)
            return Run(self.provider, claim, result)

    def run_now(self, answered: Answered | None = None, *, accept: bool = False) -> Pass:
        """Run a pass now, even if its slot is done.

        The pass finishes the slot, unless the poll fails.
        """
        with self._watched(answered):
            slot = self.schedule.slot(answered.at if answered else self.sync.clock())
            if self.pings is not None:
                self.pings.start()
            result = self.sync.run(Options(accept=accept, slot=slot, answered=answered))
            self._ping(result)
            return result

    def first(self) -> datetime:
        """Return the time of the first pass: now, or the next slot.

        The next slot is returned if this one is done, or if the last poll succeeded less than half
        a slot ago.
        """
        with self._watched():
            now = self.sync.clock()
            moment, following = self.schedule.slot(now), self.schedule.next_after(now)
            if not self.sync.database.exists:
                return now
            with self.sync.database.reading() as connection:
                is_done = slots.done_at(plain(connection), self.provider, moment) is not None
                last = polls.newest(connection, self.provider)
            if last is None or last.outcome is Outcome.FAILED:
                return following if is_done else now
            is_recent = abs(now - last.started_at) < (following - moment) / 2
            return following if is_done or is_recent else now

    def _ping(self, result: Pass) -> None:
        if self.pings is not None:
            self.pings.end(result.poll.error or result.document_error)

    @contextmanager
    def _watched(self, answered: Answered | None = None) -> Iterator[None]:
        """Use one log id, and report exceptions to the monitor."""
        with running(answered.run if answered else None):
            try:
                yield
            except Exception as error:
                if self.pings is not None:
                    self.pings.end(error)
                raise


def _claim(
    database: Database, name: str, moment: datetime, now: datetime, longest: timedelta
) -> Claim:
    with database.writing(ends_fast_path=False) as connection:
        at = present(connection, now)
        return slots.claim(plain(connection), name, moment, longest, at)


@dataclass(frozen=True, slots=True)
class ProbeTimes:
    """Probes and their schedule with its own slots. Claims expire after `limit`."""

    probing: "Probing"
    schedule: Schedule
    limit: timedelta

    def run(self) -> "Results | None":
        """Run the latest slot.

        If it is done, make its due second calls. Return None if nothing is due.
        """
        now = self.probing.clock()
        moment = self.schedule.slot(now)
        claim = _claim(self.probing.database, self._name, moment, now, self.limit)
        if claim.is_ours:
            results = self.probing.run()
            if not self.probing.stop.is_set():  # because the next process continues a stopped run
                self.finish(moment)
            return results
        again_at = self.probing.again_at()
        if claim.done_at is None or again_at is None or again_at > now:
            return None
        from catalog.probes.run import Selection  # rarely needed

        return self.probing.run(Selection(again=True))

    def next_at(self) -> datetime:
        """Return the time of the next probe, now for an open slot."""
        now = self.probing.clock()
        following = self.schedule.next_after(now)
        if not self.probing.database.exists:
            return following
        with self.probing.database.reading() as connection:
            done = slots.done_at(plain(connection), self._name, self.schedule.slot(now))
        if done is None:
            return now
        return max(now, min(following, self.probing.again_at() or following))

    def finish(self, moment: datetime) -> None:
        """Record that a slot is done."""
        with self.probing.database.writing(ends_fast_path=False) as connection:
            slots.finish(plain(connection), self._name, moment, self.probing.clock())

    @property
    def _name(self) -> str:
        """Return the name of these slots in the database."""
        return f"{self.probing.provider.name}/probe"
