"""A pass for each slot of the schedule, done once by whoever comes first."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from catalog.errors import CatalogError
from catalog.pings import Pings
from catalog.poll import Outcome
from catalog.runs import running
from catalog.schedule import Schedule
from catalog.store import polls, slots
from catalog.store.slots import Claim
from catalog.sync import Pass, Sync


@dataclass(frozen=True, slots=True)
class Run:
    """What came of a slot: the pass, or None where another process did it or is doing it."""

    provider: str
    claim: Claim
    result: Pass | None = None


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A Sync and its schedule. A claim ends when no pass can last that long: `limit`."""

    sync: Sync
    schedule: Schedule
    limit: timedelta
    pings: Pings | None = None

    @property
    def provider(self) -> str:
        """The name of the provider that is asked."""
        return self.sync.provider.name

    def run(self) -> Run:
        """Do the latest slot, unless somebody did it or is doing it."""
        now = self.sync.clock()
        moment = self.schedule.slot(now)
        with self.sync.database.writing() as connection:
            claim = slots.claim(connection, self.provider, moment, now, self.limit)
        if not claim.is_ours:
            return Run(self.provider, claim)
        result = self._pass(accept=False)
        self._finish(moment)
        return Run(self.provider, claim, result)

    def run_now(self, *, accept: bool = False) -> Pass:
        """Run a pass in any case; the slot counts as done, unless the provider was not read."""
        moment = self.schedule.slot(self.sync.clock())
        result = self._pass(accept=accept)
        if result.poll.outcome is not Outcome.FAILED:
            self._finish(moment)
        return result

    def first(self) -> datetime:
        """Return when to begin: now, unless the slot was done or the provider was read lately.

        Lately is within half the time from one slot to the next.
        """
        now = self.sync.clock()
        moment, following = self.schedule.slot(now), self.schedule.next_after(now)
        if not self.sync.database.exists:
            return now
        with self.sync.database.reading() as connection:
            done = slots.is_done(connection, self.provider, moment)
            last = polls.newest(connection, self.provider)
        if last is None or last.outcome is Outcome.FAILED:
            return following if done else now
        lately = abs(now - last.started_at) < (following - moment) / 2
        return following if done or lately else now

    def _pass(self, *, accept: bool) -> Pass:
        """Run a pass under one id, and tell the monitor how it went."""
        with running():
            if self.pings is None:
                return self.sync.run(accept=accept)
            self.pings.start()
            try:
                result = self.sync.run(accept=accept)
            except CatalogError as error:
                self.pings.end(error)
                raise
            self.pings.end(result.poll.error or result.document_error)
            return result

    def _finish(self, moment: datetime) -> None:
        with self.sync.database.writing() as connection:
            slots.finish(connection, self.provider, moment, self.sync.clock())
