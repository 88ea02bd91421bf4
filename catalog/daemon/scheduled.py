"""A pass for each slot of the schedule, done once by whoever comes first."""

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
from catalog.store.rest import Slot
from catalog.store.slots import Claim
from catalog.sync.quick import Asked, Quick
from catalog.sync.sync import Sync

if TYPE_CHECKING:
    from catalog.probes.run import Probing, Results


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
    quick: Quick | None = None

    @property
    def provider(self) -> str:
        """The name of the provider that is asked."""
        return self.sync.provider.name

    def run(self, asked: Asked | None = None) -> Run:
        """Do the latest slot, unless somebody did it or is doing it.

        What was `asked` already is not asked again.
        """
        with self._watched(asked):
            now = asked.started_at if asked else self.sync.clock()
            moment = self.schedule.slot(now)
            came: Pass | Asked | None = asked
            if asked is None and self.pings is None:
                came = self._ask(Slot(moment, self.limit))
            if isinstance(came, Pass):
                return Run(self.provider, Claim(moment), came)
            with self.sync.database.writing(stirs=False) as connection:
                claim = slots.claim(connection, self.provider, moment, now, self.limit)
            if not claim.is_ours:
                return Run(self.provider, claim)
            return Run(self.provider, claim, self._pass(moment, came, once=True))

    def run_now(self, asked: Asked | None = None, *, accept: bool = False) -> Pass:
        """Run a pass in any case; the slot counts as done, unless the provider was not read."""
        with self._watched(asked):
            moment = self.schedule.slot(asked.started_at if asked else self.sync.clock())
            return self._pass(moment, asked, accept=accept, once=False)

    def first(self) -> datetime:
        """Return when to begin: now, unless the slot was done or the provider was read lately.

        Lately is within half the time from one slot to the next.
        """
        with self._watched():
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

    def _pass(
        self, moment: datetime, asked: Asked | None, *, once: bool, accept: bool = False
    ) -> Pass:
        """Run a pass, and tell the monitor; `once` for a slot that is done whatever came of it."""
        if self.pings is not None:
            self.pings.start()
        came = asked if asked or accept else self._ask(Slot(moment))
        result = came if isinstance(came, Pass) else self._whole(moment, came, accept, once)
        if self.pings is not None:
            self.pings.end(result.poll.error or result.document_error)
        return result

    def _ask(self, slot: Slot) -> Pass | Asked | None:
        return None if self.quick is None else self.quick.run(slot)

    def _whole(self, moment: datetime, asked: Asked | None, accept: bool, once: bool) -> Pass:
        result = self.sync.run(accept=accept, asked=asked)
        if once or result.poll.outcome is not Outcome.FAILED:
            with self.sync.database.writing(stirs=False) as connection:
                slots.finish(connection, self.provider, moment, self.sync.clock())
        return result

    @contextmanager
    def _watched(self, asked: Asked | None = None) -> Iterator[None]:
        """Do all under one id, and tell the monitor of whatever is raised, wherever that is."""
        with running(asked.run if asked else None):
            try:
                yield
            except Exception as error:
                if self.pings is not None:
                    self.pings.end(error)
                raise


@dataclass(frozen=True, slots=True)
class ProbeTimes:
    """Probing and its schedule, which has slots of its own. A claim ends after `limit`."""

    probing: "Probing"
    schedule: Schedule
    limit: timedelta

    def run(self) -> "Results | None":
        """Do the latest slot, or the second tries that are due where it was done.

        None where there was nothing to do.
        """
        now = self.probing.clock()
        moment = self.schedule.slot(now)
        with self.probing.database.writing(stirs=False) as connection:
            claim = slots.claim(connection, self._name, moment, now, self.limit)
        if claim.is_ours:
            results = self.probing.run()
            if not self.probing.stop.is_set():  # else it goes on with the next process
                self.finish(moment)
            return results
        again_at = self.probing.again_at()
        if claim.done_at is None or again_at is None or again_at > now:
            return None
        from catalog.probes.run import Wish  # not loaded where no model is called

        return self.probing.run(Wish(again=True))

    def next_at(self) -> datetime:
        """Return when there is something to do: now, where the slot was not done."""
        now = self.probing.clock()
        following = self.schedule.next_after(now)
        if not self.probing.database.exists:
            return following
        with self.probing.database.reading() as connection:
            done = slots.is_done(connection, self._name, self.schedule.slot(now))
        if not done:
            return now
        return max(now, min(following, self.probing.again_at() or following))

    def finish(self, moment: datetime) -> None:
        """Note that a slot was done."""
        with self.probing.database.writing(stirs=False) as connection:
            slots.finish(connection, self._name, moment, self.probing.clock())

    @property
    def _name(self) -> str:
        """Return the name that its slots have beside those of the passes."""
        return f"{self.probing.provider.name}/probe"
