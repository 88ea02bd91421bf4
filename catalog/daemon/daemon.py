"""The daemon: APScheduler around the pass, and one loop that everything comes together in.

Signals and the end of a pass are items of one queue; the main thread takes them one by one and
owns all state. A pass runs in a thread of the scheduler. The next run is planned when one has
ended, so that two never overlap. Where the queue stays empty, the main thread has a beat of its
own, by monotonic time: the wall clock may be set.
"""

import logging
import os
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from queue import Empty, SimpleQueue
from random import SystemRandom

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler

from catalog.clock import now, stamp
from catalog.daemon.report import refused, told, told_calls
from catalog.daemon.systemd import Systemd
from catalog.daemon.work import Beat, Called, Carried, Ended, Event, Work, attempt, first_run
from catalog.runs import running
from catalog.schedule import spread
from catalog.scheduled import ProbeTimes
from catalog.signals import STOPS, caught

logger = logging.getLogger("catalog.daemon")

BEAT = 30.0
"""Seconds between two looks at whether all is well, where no watchdog asks for more."""
SOON = timedelta(minutes=1)
"""After a pass that could not even be recorded, the slot is tried again so much later."""
JOB = "next pass"
"""The name of the job; the scheduler has it exactly while no pass is under way."""


class Daemon:
    """Runs passes until it is told to stop.

    `read` reads the settings and makes the work of them; it raises CatalogError, at the start as
    well as for a SIGHUP, where the work that there is stays.
    """

    def __init__(self, read: Callable[[], Work], systemd: Systemd) -> None:
        self._read = read
        self._systemd = systemd
        self._events: SimpleQueue[Event] = SimpleQueue()
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            # One thread for what works, so that nothing overlaps; to call the models takes minutes.
            executors={name: ThreadPoolExecutor(1) for name in ("default", "probes")},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        self._beat = min(BEAT, (systemd.watchdog or BEAT) / 2)
        self._next_beat = time.monotonic() + self._beat
        self._work = self._planned = read()
        self._moment = now()
        self._overdue = time.monotonic()
        self._is_stopping = False
        self._is_carrying = False
        self._is_calling = False
        self._is_passing = False  # known where it is wanted: once we are stopping
        self._call_at = self._moment
        self._left: list[Work] = []
        self._last = "started"

    def run(self) -> int:
        """Serve until SIGTERM or SIGINT; return the exit code. For the main thread only."""
        with caught(self._events.put, *STOPS, signal.SIGHUP):
            first = first_run(self._work)
            self._scheduler.start()
            self._plan(first)
            self._describe()
            self._systemd.ready(self._status)
            while self._heed(self._event()):
                pass
            self._systemd.stopping("stopped")
            self._scheduler.shutdown()
            self._is_carrying = self._is_calling = False  # whatever it was, it is over
            self._close_left()
            self._work.close()
        logger.info("stopped")
        return 0

    def _event(self) -> Event:
        """Wait for the next event; a beat is one too."""
        try:
            return self._events.get(timeout=max(0.0, self._next_beat - time.monotonic()))
        except Empty:
            self._next_beat = time.monotonic() + self._beat
            return Beat()

    def _heed(self, event: Event) -> bool:
        """Do what an event asks for; return whether to go on."""
        match event:
            case Beat():
                self._keep_time()
                self._watch()
                self._carry()
                self._call()
            case Carried():
                self._is_carrying = False
                self._close_left()
            case Called():
                self._is_calling = False
                self._note_calls(event)
                self._close_left()
            case Ended():
                self._go_on(event)
            case signal.SIGHUP:
                self._reload()
            case _:
                self._stop(event)
        return not self._is_stopping or self._is_busy

    def _plan(self, moment: datetime) -> None:
        """Let the work that there is now run at that moment."""
        self._planned, self._moment = self._work, moment
        self._expect(moment - datetime.now(UTC))
        # Two, because the scheduler may still count the pass that has just ended, and would drop
        # this one for good; they have one thread between them.
        self._scheduler.add_job(
            self._pass, "date", run_date=moment, args=[self._work], id=JOB, max_instances=2
        )

    def _expect(self, wait: timedelta) -> None:
        """Note until when, by monotonic time, a run has to be over that begins after this wait."""
        longest = max(timedelta(), wait) + self._work.scheduled.limit
        self._overdue = time.monotonic() + longest.total_seconds()

    def _keep_time(self) -> None:
        """Follow a wall clock that was set after the run was planned, unless it is under way."""
        if self._scheduler.get_job(JOB) is None:
            return
        present, schedule = now(), self._work.scheduled.schedule
        following = schedule.next_after(present)
        # A run is planned within the slot that comes next, so this one has moved away.
        if self._moment >= schedule.next_after(following) and self._unplan():
            self._plan(following)
            self._call_at = present
            text = "the clock was set back: the next run is planned anew, at %s"
            logger.warning(text, stamp(following))
            self._systemd.status(self._status)
        elif self._moment > present:
            self._expect(self._moment - present)
        # It sleeps for as long as it was when it was told; by now the moment may have come.
        self._scheduler.wakeup()

    def _unplan(self) -> bool:
        """Take the planned run back; return False where it is under way already."""
        try:
            self._scheduler.remove_job(JOB)
        except JobLookupError:
            return False
        return True

    def _pass(self, work: Work) -> None:
        """Run in a thread of the scheduler."""
        with running() as run:
            came = attempt(work.scheduled.run)
        self._events.put(Ended(work, came, run))

    def _carry(self) -> None:
        """Have sent what came due since the last pass, unless one is under way and does it."""
        if self._is_carrying or self._scheduler.get_job(JOB) is None:
            return
        self._is_carrying = True
        self._scheduler.add_job(self._errand, args=[self._work])

    def _errand(self, work: Work) -> None:
        """Run in the thread that passes run in."""
        came = attempt(work.scheduled.sync.deliver)
        if isinstance(came, Exception):
            for level, line in told(work.scheduled.provider, came):
                logger.log(level, "%s", line)
        self._events.put(Carried())

    def _call(self) -> None:
        """Have the models called where that is due, unless they are being called or read."""
        if self._is_calling or self._work.probes is None or now() < self._call_at:
            return
        if self._scheduler.get_job(JOB) is None:
            return
        self._is_calling = True
        self._scheduler.add_job(
            self._errand_of_calls, args=[self._work, self._work.probes], executor="probes"
        )

    def _errand_of_calls(self, work: Work, probes: ProbeTimes) -> None:
        """Run in a thread of its own: whatever comes of it, the catalog is not harmed."""
        came = attempt(lambda: (probes.run(), probes.next_at()))
        if isinstance(came, Exception):
            again = now() + probes.probing.terms.again_after
            self._events.put(Called(work, came, again))
        else:
            self._events.put(Called(work, *came))

    def _note_calls(self, called: Called) -> None:
        if called.work is self._work:
            share = SystemRandom().random()
            self._call_at = called.again + self._work.jitter * share
        for level, line in told_calls(called.work.scheduled.provider, called.came):
            logger.log(level, "%s", line)

    def _leave(self, work: Work) -> None:
        """Close what is not worked with any more, as soon as nothing uses it."""
        if work.probes is not None:
            work.probes.probing.stop.set()
        self._left.append(work)
        self._close_left()

    def _close_left(self) -> None:
        while self._left and not (self._is_carrying or self._is_calling):
            self._left.pop().close()

    def _go_on(self, ended: Ended) -> None:
        """Plan the next run, and say what came of this one."""
        self._is_passing = False
        (level, outcome), *more = told(ended.work.scheduled.provider, ended.came)
        if ended.work is not self._work:
            self._leave(ended.work)
        following = "stopping"
        if not self._is_stopping:
            self._plan(self._next(ended))
            following = f"next run {stamp(self._moment)}"
        with running(ended.run):
            logger.log(level, "%s; %s", outcome, following)
            for grave, line in more:
                logger.log(grave, "%s", line)
        self._last = f"{stamp(now())} {outcome}"
        self._systemd.status(self._status)

    def _next(self, ended: Ended) -> datetime:
        schedule, present = self._work.scheduled.schedule, now()
        share = SystemRandom().random()
        following = spread(schedule, present, self._work.jitter, share)
        if isinstance(ended.came, Exception):
            return min(following, present + SOON)
        claim = ended.came.claim
        if claim.until is not None:
            return min(following, claim.until)  # whoever is doing it may die
        # What came due while the pass ran is made up, once.
        return present if schedule.slot(present) > claim.moment else following

    def _reload(self) -> None:
        """Read the settings again; broken ones are told, and change nothing."""
        if self._is_stopping:
            return
        self._systemd.reloading()
        fresh = attempt(lambda: ((work := self._read()), first_run(work)))
        if isinstance(fresh, Exception):
            for line in (*refused(fresh), "the old configuration stays in force"):
                logger.error("%s", line)
        else:
            self._take(*fresh)
        self._systemd.ready(self._status)

    def _take(self, work: Work, first: datetime) -> None:
        logger.info("the configuration was read again")
        old, self._work = self._work, work
        self._call_at = now()
        if self._unplan():
            self._leave(old)
            self._plan(first)
        elif old is not self._planned:  # nothing of it is under way
            self._leave(old)
        self._describe()

    def _describe(self) -> None:
        for line in (*self._work.about, f"next run {stamp(self._moment)}"):
            logger.info("%s", line)

    def _stop(self, number: signal.Signals) -> None:
        """Stop when pass and sending are over; the second time at once: the rest mends itself."""
        if self._is_stopping:
            text = "%s again: stopped at once; what was cut off, the next run mends"
            logger.warning(text, number.name)
            os._exit(128 + number)
        self._is_stopping = True
        if self._work.probes is not None:
            self._work.probes.probing.stop.set()
        self._is_passing = not self._unplan()
        if not self._is_busy:
            return
        what = "the pass" if self._is_passing else "what was begun"
        text = f"finishing {what}, then stopping; once more stops at once"
        logger.info("%s: %s", number.name, text)
        self._systemd.stopping(text)

    def _watch(self) -> None:
        """Keep the watchdog quiet, unless a run should have ended long ago."""
        if time.monotonic() < self._overdue:
            self._systemd.alive()
        else:
            logger.error("the run of %s has not ended in time", stamp(self._moment))

    @property
    def _is_busy(self) -> bool:
        """Whether something is under way that is waited for when we are stopping."""
        return self._is_passing or self._is_carrying or self._is_calling

    @property
    def _status(self) -> str:
        return f"{self._last}; next run {stamp(self._moment)}"
