"""The daemon: APScheduler runs the passes, and one loop takes every event.

Signals and the results of jobs are items of one queue. The main thread takes them one by one and
owns all state. Each provider has a job of its own, and one thread runs the jobs of all providers.
When a pass has ended, the next one is planned, so that two never overlap. While the queue is empty,
the main thread has a beat of its own, by monotonic time because the wall clock may be set.
"""

import logging
import math
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import chain
from queue import Empty

from apscheduler.events import EVENT_JOB_EXECUTED
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler

from catalog.core.clock import now, stamp
from catalog.core.run_id import running
from catalog.core.signal_queue import STOPS, Inbox
from catalog.daemon.job import Beat, Called, Course, Ended, Event, Sent, Work, attempt, status
from catalog.daemon.report import Line, refused, told, told_calls
from catalog.daemon.scheduled import ProbeTimes
from catalog.daemon.systemd import Systemd

logger = logging.getLogger("catalog.daemon")

BEAT = 30.0
"""Seconds between two looks at whether all is well, where no watchdog asks for more."""


class Daemon:
    """Runs passes until it is told to stop.

    `read` reads the settings and makes the work of each provider; it raises CatalogError, at the
    start as well as for a SIGHUP, where the work that there is stays.
    """

    def __init__(self, read: Callable[[], Sequence[Work]], systemd: Systemd) -> None:
        self._read = read
        self._systemd = systemd
        self._events = Inbox[Event]()
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            # One thread for what works, so that nothing overlaps; to call the models takes minutes.
            executors={name: ThreadPoolExecutor(1) for name in ("default", "probes")},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        # The listener runs when the scheduler no longer counts the job. The next run of the same
        # job, which is planned because of the event, is then not one too many.
        self._scheduler.add_listener(lambda job: self._events.put(job.retval), EVENT_JOB_EXECUTED)
        self._beat = min(BEAT, (systemd.watchdog or BEAT) / 2)
        self._next_beat = time.monotonic() + self._beat
        self._courses: dict[str, Course] = {}
        self._deadline = math.inf
        self._is_stopping = False
        self._is_sending = False
        self._calling: set[Work] = set()
        self._left: set[Work] = set()

    def run(self) -> int:
        """Serve until SIGTERM or SIGINT; return the exit code. For the main thread only."""
        works = self._read()
        with self._events.catching(*STOPS, signal.SIGHUP):
            first = [(work, work.first_run()) for work in works]
            self._limit(max(work.scheduled.limit for work in works))
            self._scheduler.start()
            self._renew(first)
            self._systemd.ready(status(self._courses.values()))
            while self._heed(self._event()):
                pass
            self._systemd.stopping("stopped")
            self._scheduler.remove_all_jobs()  # waits for a round that would miss jobs at the end
            self._scheduler.shutdown()
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
                self._send()
                self._call()
                self._watch()
            case Sent():
                self._is_sending = False
            case Called():
                self._note_calls(event)
            case Ended():
                self._go_on(event)
            case signal.SIGHUP:
                self._reload()
            case _:
                self._stop(event)
        self._close_left()
        return not self._is_stopping or self._is_busy

    def _plan(self, course: Course, moment: datetime) -> None:
        """Let a pass run at this moment. When it begins, the scheduler drops its job."""
        course.moment = moment
        self._scheduler.add_job(self._pass, "date", run_date=moment, args=[course], id=course.job)

    def _unplan(self, course: Course) -> bool:
        """Cancel the planned run. Return False if it is under way already."""
        try:
            self._scheduler.remove_job(course.job)
        except JobLookupError:
            return False
        return True

    def _keep_time(self) -> None:
        """Plan the pending runs anew after the wall clock was set."""
        present = now()
        for course in self._courses.values():
            schedule = course.work.scheduled.schedule
            following = schedule.next_after(present)
            # A run is planned within the slot that comes next, so this one has moved away.
            if course.moment >= schedule.next_after(following) and self._unplan(course):
                self._plan(course, following)
                course.call_at = present
                text = "%sthe clock was set back: the next run is planned anew, at %s"
                logger.warning(text, self._named(course), stamp(following))
                self._systemd.status(status(self._courses.values()))
        # It sleeps for as long as it was when it was told; by now the moment may have come.
        self._scheduler.wakeup()

    def _limit(self, longest: timedelta) -> None:
        """Note when, by monotonic time, the present job of the passes' thread must be over."""
        self._deadline = time.monotonic() + longest.total_seconds()

    @contextmanager
    def _limited(self, work: Work) -> Iterator[None]:
        """Note this as the present job of the passes' thread."""
        self._limit(work.scheduled.limit)
        yield
        self._deadline = math.inf

    def _pass(self, course: Course) -> Ended:
        """Run a pass by the newest settings, unless the provider is leaving."""
        work = course.work
        with running() as run, self._limited(work):
            came = None if course.is_leaving else attempt(work.scheduled.run)
        return Ended(course, came, run)

    def _send(self) -> None:
        """Send messages that came due since the last pass, unless a pass is under way."""
        if self._is_sending or self._out or not self._courses:
            return
        self._is_sending = True
        # Any provider will do, because messages belong to channels.
        work = next(iter(self._courses.values())).work
        self._limit(work.scheduled.limit)  # already now, because the scheduler may be dead
        self._scheduler.add_job(self._deliver, args=[work])

    def _deliver(self, work: Work) -> Sent:
        """Send messages, in the thread of the passes."""
        with self._limited(work):
            came = attempt(work.scheduled.sync.deliver)
        if isinstance(came, Exception):
            _log(told(work.provider, came))
        return Sent()

    def _call(self) -> None:
        """Let the models be called if that is due and no pass is under way."""
        for course in self._courses.values():
            work, is_due = course.work, now() >= course.call_at
            if work.probes and is_due and work not in self._calling and not self._is_out(course):
                self._calling.add(work)
                given = [work, work.probes]
                self._scheduler.add_job(self._call_models, args=given, executor="probes")

    def _call_models(self, work: Work, probes: ProbeTimes) -> Called:
        """Call the models, in a thread of its own. No error harms the catalog."""
        came = attempt(lambda: (probes.run(), probes.next_at()))
        if isinstance(came, Exception):
            return Called(work, came, now() + probes.probing.terms.again_after)
        return Called(work, *came)

    def _note_calls(self, called: Called) -> None:
        self._calling.remove(called.work)
        course = self._courses.get(called.work.provider)
        if course is not None and called.work is course.work:
            course.call_at = called.work.later(called.again)
        _log(told_calls(called.work.provider, called.came))

    def _leave(self, work: Work) -> None:
        """Stop using this work."""
        work.stop_calls()
        self._left.add(work)

    def _close_left(self) -> None:
        """Close the works that were left, as soon as no thread uses them."""
        if not (self._out or self._is_sending):
            for work in self._left - self._calling:
                work.close()
            self._left &= self._calling

    def _go_on(self, ended: Ended) -> None:
        """Plan the next run, and say what came of this one."""
        course, came = ended.course, ended.came
        if course.is_leaving:
            del self._courses[course.work.provider]
            following = "stopping" if self._is_stopping else "not served any more"
        else:
            self._plan(course, course.following(came))
            following = f"next run {stamp(course.moment)}"
        if came is not None:
            (level, outcome), *more = told(course.work.provider, came)
            with running(ended.run):
                _log([(level, f"{outcome}; {following}")])
                _log((level, f"{self._named(course)}{line}") for level, line in more)
            course.last = f"{stamp(now())} {outcome}"
        if not self._is_stopping:
            self._systemd.status(status(self._courses.values()))

    def _reload(self) -> None:
        """Read the settings again; broken ones are told, and change nothing."""
        if self._is_stopping:
            return
        self._systemd.reloading()
        works = attempt(lambda: [(work, work.first_run()) for work in self._read()])
        if isinstance(works, Exception):
            for line in (*refused(works), "the old configuration stays in force"):
                logger.error("%s", line)
        else:
            logger.info("the configuration was read again")
            self._renew(works)
        self._systemd.ready(status(self._courses.values()))

    def _renew(self, works: Sequence[tuple[Work, datetime]]) -> None:
        """Switch to the newly read configuration."""
        for course in self._courses.copy().values():
            if course.work.provider not in {work.provider for work, _ in works}:
                self._dismiss(course)
        for work, first in works:
            self._take(work, first)
        self._describe()

    def _take(self, work: Work, first: datetime) -> None:
        """Switch a provider to this work, from its next pass on."""
        course = self._courses.setdefault(work.provider, Course(work, first, call_at=now()))
        if course.work is not work:
            self._leave(course.work)
            course.work, course.is_leaving, course.call_at = work, False, now()
            if not self._unplan(course):
                return
        self._plan(course, first)

    def _dismiss(self, course: Course) -> None:
        """Remove a provider. If its pass is under way, that ends first."""
        self._leave(course.work)
        course.is_leaving = True
        if self._unplan(course):
            del self._courses[course.work.provider]

    def _describe(self) -> None:
        served = [course for course in self._courses.values() if not course.is_leaving]
        for line in dict.fromkeys(chain.from_iterable(course.work.about for course in served)):
            logger.info("%s", line)  # most lines are those of all
        for course in served:
            logger.info("%snext run %s", self._named(course), stamp(course.moment))

    def _stop(self, number: signal.Signals) -> None:
        """Stop when pass and sending are over; the second time at once: the rest mends itself."""
        if self._is_stopping:
            text = "%s again: stopped at once; what was cut off, the next run mends"
            logger.warning(text, number.name)
            os._exit(128 + number)
        self._is_stopping = True
        for course in self._courses.copy().values():
            self._dismiss(course)
        if not self._is_busy:
            return
        what = "the pass" if self._courses else "what was begun"
        text = f"finishing {what}, then stopping; once more stops at once"
        logger.info("%s: %s", number.name, text)
        self._systemd.stopping(text)

    def _watch(self) -> None:
        """Send a sign of life, unless a run should have ended long ago."""
        if time.monotonic() < self._deadline:
            self._systemd.alive()
            return
        late = min((course.moment for course in self._courses.values()), default=now())
        logger.error("the run of %s has not ended in time", stamp(late))

    def _is_out(self, course: Course) -> bool:
        """Whether a run of it is under way, or waits for the run of another provider."""
        return self._scheduler.get_job(course.job) is None

    @property
    def _out(self) -> bool:
        """Whether anything is under way in the thread of the passes, or waits for it."""
        return any(map(self._is_out, self._courses.values()))

    @property
    def _is_busy(self) -> bool:
        """Whether something is under way that is waited for when we are stopping."""
        return bool(self._courses or self._is_sending or self._calling)

    def _named(self, course: Course) -> str:
        """Name a provider, where there are several."""
        return f"{course.work.provider}: " if len(self._courses) > 1 else ""


def _log(lines: Iterable[Line]) -> None:
    for level, line in lines:
        logger.log(level, "%s", line)
