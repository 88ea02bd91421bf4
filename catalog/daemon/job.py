"""Run one provider in the daemon and schedule its next run."""

import logging
import signal
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import SystemRandom
from typing import TypeVar

from catalog.changes.poll import Backlog
from catalog.core.clock import now, stamp
from catalog.core.errors import CatalogError, DatabaseBusy, DatabaseUnreachable
from catalog.core.unexpected import log_trace
from catalog.daemon.schedule import spread
from catalog.daemon.scheduled import ProbeTimes, Run, Scheduled
from catalog.probes.run import Results

logger = logging.getLogger("catalog.daemon")


@dataclass(frozen=True, slots=True, eq=False)
class Work:
    """The objects for one provider, built from one configuration.

    `about` describes them, line by line.
    """

    scheduled: Scheduled
    jitter: timedelta
    about: tuple[str, ...]
    close: Callable[[], None]
    probes: ProbeTimes | None = None

    @property
    def provider(self) -> str:
        """Return the name of the provider."""
        return self.scheduled.provider

    def first_run(self) -> datetime:
        """Return the time of the first pass.

        It is now if the database is unavailable.
        """
        try:
            return self.scheduled.first()
        except (DatabaseBusy, DatabaseUnreachable) as error:
            logger.warning("%s; a pass is tried anyway", error)
            return now()

    def later(self, moment: datetime) -> datetime:
        """Return a random time within the jitter after `moment`."""
        return moment + self.jitter * SystemRandom().random()

    def stop_calls(self) -> None:
        """Stop the model calls after the current one."""
        if self.probes is not None:
            self.probes.probing.stop.set()


@dataclass(frozen=True, slots=True)
class Called:
    """The end of model calls, with the time of the next ones.

    `result` is None if no call was due.
    """

    work: Work
    result: Results | Exception | None
    again: datetime


class Beat:
    """A regular event without content, for checks."""


@dataclass(frozen=True, slots=True)
class Sent:
    """The end of an attempt to send messages between two passes."""

    provider: str
    result: tuple[Backlog, ...] | Exception


Result = TypeVar("Result")


def attempt(call: Callable[[], Result]) -> Result | Exception:
    """Return the result of a call, or its exception."""
    try:
        return call()
    except Exception as error:  # noqa: BLE001  # the daemon logs it and continues
        if not isinstance(error, CatalogError):
            log_trace(logger, error)
        return error


SOON = timedelta(seconds=1)
"""The delay after an unrecorded pass. Each further one doubles it."""
LATER = timedelta(minutes=1)
"""The maximum delay, even after another process took the slot."""


@dataclass(slots=True)
class ProviderState:
    """The current work of one provider, and its scheduled or current run.

    The run begins at `moment`, the next model calls at `call_at`. `last` is the result of the last
    run. A provider with `is_leaving` is no longer in the settings. `unrecorded` counts the passes
    in a row that were not recorded.
    """

    work: Work
    moment: datetime
    call_at: datetime
    last: str = ""
    is_leaving: bool = False
    unrecorded: int = 0

    @property
    def job(self) -> str:
        """Return the id of its job, which exists until the pass begins."""
        return f"next pass of {self.work.provider}"

    def following(self, result: Run | Exception | None) -> datetime:
        """Return the time of the next run after this result."""
        schedule, present = self.work.scheduled.schedule, now()
        following = spread(schedule, present, self.work.jitter, SystemRandom().random())
        if not isinstance(result, Run):
            wait = min(LATER, SOON * (1 << min(self.unrecorded, 9)))
            self.unrecorded += 1
            return min(following, present + wait)
        self.unrecorded = 0
        claim = result.claim
        if claim.until is not None:
            # Not `until`, because the other process may die and its clock may differ.
            return min(following, present + LATER)
        # If a slot began during the pass, it is run now, once.
        return present if schedule.slot(present) > claim.moment else following


@dataclass(frozen=True, slots=True)
class Ended:
    """The end of a run, with its log id.

    `result` is None if the run did not begin.
    """

    state: ProviderState
    result: Run | Exception | None
    run: str


Event = signal.Signals | Ended | Beat | Sent | Called


def status(states: Iterable[ProviderState]) -> str:
    """Return the last results and the time of the next run."""
    known, present = tuple(states), now()
    results = "; ".join(sorted(state.last for state in known if state.last))
    moments = sorted(state.moment for state in known)
    following = next((moment for moment in moments if moment > present), moments[0])
    return f"{results or 'started'}; next run {stamp(following)}"
