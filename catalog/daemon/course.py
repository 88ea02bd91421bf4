"""One provider in the daemon: what it works with, and when it runs next."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import SystemRandom

from catalog.core.clock import now, stamp
from catalog.daemon.schedule import spread
from catalog.daemon.scheduled import Run
from catalog.daemon.work import Ended, Work

SOON = timedelta(seconds=1)
"""After a pass that could not even be recorded, the slot is tried again so much later; after each
one more, twice as much later, up to `LATER`."""
LATER = timedelta(minutes=1)
"""When a slot is tried again at the latest; also one that another process is doing."""


@dataclass(slots=True)
class Course:
    """The work in force of one provider, and its run that is planned or under way.

    `planned` is the work of that run, and `moment` is when it begins. Not before `call_at` its
    models are called. `last` says what came of the last run. One that `is_leaving` is not in the
    settings any more. `unrecorded` counts the last passes that could not even be recorded.
    """

    work: Work
    planned: Work
    moment: datetime
    call_at: datetime
    last: str = ""
    is_leaving: bool = False
    unrecorded: int = 0

    @property
    def job(self) -> str:
        """The name of its job; the scheduler has it exactly while no pass is under way."""
        return f"next pass of {self.work.provider}"

    def following(self, ended: Ended) -> datetime:
        """Return when to run after this run."""
        schedule, present = self.work.scheduled.schedule, now()
        share = SystemRandom().random()
        following = spread(schedule, present, self.work.jitter, share)
        if not isinstance(ended.came, Run):
            wait = min(LATER, SOON * (1 << min(self.unrecorded, 9)))
            self.unrecorded += 1
            return min(following, present + wait)
        self.unrecorded = 0
        claim = ended.came.claim
        if claim.until is not None:
            # The process that is doing it may die; when it does, its clock says nothing to us.
            return min(following, present + LATER)
        # What came due while the pass ran is made up, once.
        return present if schedule.slot(present) > claim.moment else following


def status(courses: Iterable[Course]) -> str:
    """Say in one line what came of the last runs, and when the next one is."""
    known, present = tuple(courses), now()
    said = "; ".join(sorted(course.last for course in known if course.last))
    moments = sorted(course.moment for course in known)
    following = next((moment for moment in moments if moment > present), moments[0])
    return f"{said or 'started'}; next run {stamp(following)}"
