"""Run the daemon: APScheduler runs the passes, one loop handles all events.

Signals and results of jobs are events in one queue. The main thread handles them in order and owns
all state. Each provider has its own job, and one thread runs the jobs of all providers. The end of
a pass schedules the next one, so that two never overlap. The main thread also handles a regular
beat. It uses the monotonic clock, because the wall clock may change.
"""

import logging
import math
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
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
from catalog.daemon.job import (
    Beat,
    Called,
    Ended,
    Event,
    ProviderState,
    Sent,
    Work,
    attempt,
    status,
)
from catalog.daemon.report import call_lines, log_lines, refused, run_lines
from catalog.daemon.schedule import EPOCH
from catalog.daemon.scheduled import ProbeTimes
from catalog.daemon.systemd import Systemd

logger = logging.getLogger("catalog.daemon")

BEAT = 30.0
"""The maximum seconds between two beats. A watchdog may need shorter ones."""
STEP = 0.1
"""The minimum seconds of a clock change."""


class Daemon:
    """A process that runs passes until a signal stops it.

    `read` reads the settings and builds the work of each provider. It may raise CatalogError. After
    a SIGHUP the daemon then keeps its previous work.
    """

    def __init__(self, read: Callable[[], Sequence[Work]], systemd: Systemd) -> None:
        self._read = read
        self._systemd = systemd
        self._events = Inbox[Event]()
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            # Passes share one thread, because they must not overlap. Model calls have their own,
            # because they take minutes.
            executors={name: ThreadPoolExecutor(1) for name in ("default", "probes")},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        # A listener passes on the results, because it runs when the scheduler no longer counts the
        # job. So the next run of the same job does not exceed `max_instances`.
        self._scheduler.add_listener(lambda job: self._events.put(job.retval), EVENT_JOB_EXECUTED)
        self._beat = min(BEAT, (systemd.watchdog or math.inf) / 2)
        self._next_beat = time.monotonic() + self._beat
        self._offset = time.time() - time.monotonic()
        self._states: dict[str, ProviderState] = {}
        self._deadline = math.inf
        self._is_stopping = False
        self._is_sending = False
        self._calling: set[Work] = set()
        self._retired: set[Work] = set()

    def run(self) -> int:
        """Serve until SIGTERM or SIGINT, and return the exit code.

        Only the main thread may call it, because it handles signals.
        """
        works = self._read()
        with self._events.catching(*STOPS, signal.SIGHUP):
            first = [(work, work.first_run()) for work in works]
            self._limit(max(work.scheduled.limit for work in works))
            self._scheduler.start()
            self._switch(first)
            self._systemd.ready(status(self._states.values()))
            while self._handle(self._event()):
                pass
            self._systemd.stopping("stopped")
            # First, because this waits for the scheduler's current round, which would look for
            # removed jobs during a shutdown.
            self._scheduler.remove_all_jobs()
            self._scheduler.shutdown()
        logger.info("stopped")
        return 0

    def _event(self) -> Event:
        """Wait for the next event, at most until the next beat."""
        try:
            return self._events.get(timeout=max(0.0, self._next_beat - time.monotonic()))
        except Empty:
            self._next_beat = time.monotonic() + self._beat
            return Beat()

    def _handle(self, event: Event) -> bool:
        """Handle an event, and return whether to continue."""
        match event:
            case Beat():
                self._follow_clock()
                self._send()
                self._call()
                self._watch()
            case Sent():
                self._is_sending = False
                if isinstance(event.result, Exception):
                    log_lines(logger, run_lines(event.provider, event.result))
            case Called():
                self._note_calls(event)
            case Ended():
                self._finish(event)
            case signal.SIGHUP:
                self._reload()
            case _:
                self._stop(event)
        self._close_retired()
        return not self._is_stopping or self._is_busy

    def _schedule(self, state: ProviderState, moment: datetime) -> None:
        """Schedule a pass. When it begins, the scheduler drops its job."""
        state.moment = moment
        self._scheduler.add_job(self._pass, "date", run_date=moment, args=[state], id=state.job)

    def _cancel(self, state: ProviderState) -> bool:
        """Cancel the scheduled run. Return False if it has begun."""
        try:
            self._scheduler.remove_job(state.job)
        except JobLookupError:
            return False
        return True

    def _follow_clock(self) -> None:
        """Reschedule pending runs after a clock change."""
        present = now()
        for state in self._states.values():
            schedule = state.work.scheduled.schedule
            following = schedule.next_after(present)
            # A run is scheduled in the next slot, so a later one shows that the clock changed.
            if state.moment >= schedule.next_after(following) and self._cancel(state):
                self._schedule(state, following)
                state.call_at = present
                text = "%sthe clock was set back: the next run is rescheduled to %s"
                logger.warning(text, self._prefix(state), stamp(following))
                self._systemd.status(status(self._states.values()))
        offset = time.time() - time.monotonic()
        if abs(offset - self._offset) > STEP:
            self._offset = offset
            # Wake it up, because its sleep time was computed with the old clock.
            self._scheduler.wakeup()

    def _limit(self, longest: timedelta) -> None:
        """Set the deadline of the current job, by the monotonic clock."""
        self._deadline = time.monotonic() + longest.total_seconds()

    @contextmanager
    def _limited(self, work: Work) -> Iterator[None]:
        """Set the deadline of a job while it runs."""
        self._limit(work.scheduled.limit)
        try:
            yield
        finally:
            self._deadline = math.inf

    def _pass(self, state: ProviderState) -> Ended:
        """Run a pass with the newest settings, unless the provider was removed."""
        work = state.work
        with running() as run, self._limited(work):
            result = None if state.is_leaving else attempt(work.scheduled.run)
        return Ended(state, result, run)

    def _send(self) -> None:
        """Send due messages, unless a pass runs."""
        if self._is_sending or self._is_passing or not self._states:
            return
        # The first provider is used, because messages belong to channels.
        work = next(iter(self._states.values())).work
        # For a watchdog, the job also shows that the scheduler is alive.
        if not (work.scheduled.sync.channels or self._systemd.watchdog):
            return
        self._is_sending = True
        self._limit(work.scheduled.limit)  # now, because the scheduler may be dead
        # In the past, because a job that starts now would be late if the clock is set back.
        self._scheduler.add_job(self._deliver, "date", run_date=EPOCH, args=[work])

    def _deliver(self, work: Work) -> Sent:
        """Send messages in the thread of the passes."""
        with self._limited(work):
            result = attempt(work.scheduled.sync.deliver)
        return Sent(work.provider, result)

    def _call(self) -> None:
        """Schedule due model calls, unless a pass of the provider runs."""
        for state in self._states.values():
            work, is_due = state.work, now() >= state.call_at
            if work.probes and is_due and work not in self._calling and not self._is_running(state):
                self._calling.add(work)
                job = {"args": [work, work.probes], "executor": "probes"}
                self._scheduler.add_job(self._call_models, "date", run_date=EPOCH, **job)

    def _call_models(self, work: Work, probes: ProbeTimes) -> Called:
        """Call the models in their thread. Errors do not affect passes."""
        result = attempt(lambda: (probes.run(), probes.next_at()))
        if isinstance(result, Exception):
            return Called(work, result, now() + probes.probing.terms.again_after)
        return Called(work, *result)

    def _note_calls(self, called: Called) -> None:
        self._calling.remove(called.work)
        state = self._states.get(called.work.provider)
        if state is not None and called.work is state.work:
            state.call_at = called.work.later(called.again)
        log_lines(logger, call_lines(called.work.provider, called.result))

    def _retire(self, work: Work) -> None:
        """Stop the calls of old work, and close it later."""
        work.stop_calls()
        self._retired.add(work)

    def _close_retired(self) -> None:
        """Close old work that no thread uses."""
        if not (self._is_passing or self._is_sending):
            for work in self._retired - self._calling:
                work.close()
            self._retired &= self._calling

    def _finish(self, ended: Ended) -> None:
        """Schedule the next run, and log the result of this one."""
        state, result = ended.state, ended.result
        if state.is_leaving:
            del self._states[state.work.provider]
            following = "stopping" if self._is_stopping else "no longer in the configuration"
        else:
            self._schedule(state, state.following(result))
            following = f"next run {stamp(state.moment)}"
        if result is not None:
            (level, outcome), *more = run_lines(state.work.provider, result)
            rest = [(level, f"{self._prefix(state)}{line}") for level, line in more]
            with running(ended.run):
                log_lines(logger, [(level, f"{outcome}; {following}"), *rest])
            state.last = f"{stamp(now())} {outcome}"
        if not self._is_stopping:
            self._systemd.status(status(self._states.values()))

    def _reload(self) -> None:
        """Read the settings again. Errors are logged, and change nothing."""
        if self._is_stopping:
            return
        self._systemd.reloading()
        works = attempt(lambda: [(work, work.first_run()) for work in self._read()])
        if isinstance(works, Exception):
            for line in (*refused(works), "the previous configuration stays in use"):
                logger.error("%s", line)
        else:
            logger.info("the configuration was reloaded")
            self._switch(works)
        self._systemd.ready(status(self._states.values()))

    def _switch(self, works: Sequence[tuple[Work, datetime]]) -> None:
        """Switch to the newly read configuration."""
        for state in self._states.copy().values():
            if state.work.provider not in {work.provider for work, _ in works}:
                self._remove(state)
        for work, first in works:
            self._adopt(work, first)
        self._describe()

    def _adopt(self, work: Work, first: datetime) -> None:
        """Use new work from the next pass of its provider."""
        state = self._states.setdefault(work.provider, ProviderState(work, first, call_at=now()))
        if state.work is not work:
            self._retire(state.work)
            state.work, state.is_leaving, state.call_at = work, False, now()
            if not self._cancel(state):
                return
        self._schedule(state, first)

    def _remove(self, state: ProviderState) -> None:
        """Remove a provider, at the end of its pass if one runs."""
        self._retire(state.work)
        state.is_leaving = True
        if self._cancel(state):
            del self._states[state.work.provider]

    def _describe(self) -> None:
        served = [state for state in self._states.values() if not state.is_leaving]
        for line in dict.fromkeys(chain.from_iterable(state.work.about for state in served)):
            logger.info("%s", line)  # without repeats, because providers share most lines
        for state in served:
            logger.info("%snext run %s", self._prefix(state), stamp(state.moment))

    def _stop(self, number: signal.Signals) -> None:
        """Stop after the current jobs, or at once at the second signal."""
        if self._is_stopping:
            text = "%s again: stopped at once; the next run repairs interrupted work"
            logger.warning(text, number.name)
            os._exit(128 + number)
        self._is_stopping = True
        for state in self._states.copy().values():
            self._remove(state)
        if not self._is_busy:
            return
        what = "the pass" if self._states else "the current jobs"
        text = f"finishing {what}, then stopping; a second signal stops at once"
        logger.info("%s: %s", number.name, text)
        self._systemd.stopping(text)

    def _watch(self) -> None:
        """Reset the watchdog, unless a job exceeds its deadline."""
        if time.monotonic() < self._deadline:
            self._systemd.alive()
            return
        late = min((state.moment for state in self._states.values()), default=now())
        logger.error("the run of %s has not ended in time", stamp(late))

    def _is_running(self, state: ProviderState) -> bool:
        """Return whether its pass runs or waits for another pass."""
        return self._scheduler.get_job(state.job) is None

    @property
    def _is_passing(self) -> bool:
        """Return whether any pass runs or waits for the thread."""
        return any(map(self._is_running, self._states.values()))

    @property
    def _is_busy(self) -> bool:
        """Return whether jobs remain that must end before the stop."""
        return bool(self._states or self._is_sending or self._calling)

    def _prefix(self, state: ProviderState) -> str:
        """Return a log prefix with the provider, empty if only one exists."""
        return f"{state.work.provider}: " if len(self._states) > 1 else ""
