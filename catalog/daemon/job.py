"""Run one provider in the daemon and schedule its next run."""

import logging
import signal
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import SystemRandom
from typing import TypeVar

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
        """Return when the first pass is: now if the database is unavailable."""
        try:
            return self.scheduled.first()
        except (DatabaseBusy, DatabaseUnreachable) as error:
            logger.warning("%s; a pass is tried all the same", error)
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
    """The models were called; None where there was nothing to do. `again` is when to look next."""

    work: Work
    came: Results | Exception | None
    again: datetime


class Beat:
    """It is time to look whether all is well."""


class Sent:
    """Messages that came due between two passes were sent, or tried."""


Came = TypeVar("Came")


def attempt(call: Callable[[], Came]) -> Came | Exception:
    """Return the result of a call, or its exception."""
    try:
        return call()
    except Exception as error:  # noqa: BLE001  # the daemon logs it and continues
        if not isinstance(error, CatalogError):
            log_trace(logger, error)
        return error


SOON = timedelta(seconds=1)
"""After a pass that could not even be recorded, the slot is tried again so much later; after each
one more, twice as much later, up to `LATER`."""
LATER = timedelta(minutes=1)
"""When a slot is tried again at the latest; also one that another process is doing."""


@dataclass(slots=True)
class Course:
    """The work in force of one provider, and its run that is planned or under way.

    The run begins at `moment`. The models are called from `call_at` on. `last` is the result of the
    last run. A provider that `is_leaving` is not in the settings any more. `unrecorded` counts the
    last passes that could not even be recorded.
    """

    work: Work
    moment: datetime
    call_at: datetime
    last: str = ""
    is_leaving: bool = False
    unrecorded: int = 0

    @property
    def job(self) -> str:
        """The name of its job; the scheduler has it exactly while no pass is under way."""
        return f"next pass of {self.work.provider}"

    def following(self, came: Run | Exception | None) -> datetime:
        """Return when to run after a run, by its result."""
        schedule, present = self.work.scheduled.schedule, now()
        following = spread(schedule, present, self.work.jitter, SystemRandom().random())
        if not isinstance(came, Run):
            wait = min(LATER, SOON * (1 << min(self.unrecorded, 9)))
            self.unrecorded += 1
            return min(following, present + wait)
        self.unrecorded = 0
        claim = came.claim
        if claim.until is not None:
            # The process that is doing it may die; when it does, its clock says nothing to us.
            return min(following, present + LATER)
        # What came due while the pass ran is made up, once.
        return present if schedule.slot(present) > claim.moment else following


@dataclass(frozen=True, slots=True)
class Ended:
    """A run that is over, and its id in the log; `came` is None where it did not even begin."""

    course: Course
    came: Run | Exception | None
    run: str


Event = signal.Signals | Ended | Beat | Sent | Called


def status(courses: Iterable[Course]) -> str:
    """Return the last results and the time of the next run."""
    known, present = tuple(courses), now()
    said = "; ".join(sorted(course.last for course in known if course.last))
    moments = sorted(course.moment for course in known)
    following = next((moment for moment in moments if moment > present), moments[0])
    return f"{said or 'started'}; next run {stamp(following)}"
