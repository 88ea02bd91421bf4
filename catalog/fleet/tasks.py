"""Find due work, and do one piece of it. This module does not know the job engine.

The rows of slots and deliveries decide what is done. So a task may be called twice, and a task that
was never called is found again.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Event, Lock

from catalog.config.build import wire_channels, wire_schedule, wire_scheduled, wire_sync
from catalog.config.build_probes import wire_probe_times, wire_probing
from catalog.config.load import Loaded
from catalog.config.settings import Settings
from catalog.core.clock import Clock, now
from catalog.core.errors import CatalogError, SettingsInvalid
from catalog.core.http.client import Http
from catalog.core.unexpected import log_trace, place
from catalog.daemon.report import call_lines, error_line, log_lines, run_lines
from catalog.fleet.due import PASS, PROBE, SEND, Due, due_slots
from catalog.fleet.members import Members
from catalog.store import outbox, slots
from catalog.store.claims import present
from catalog.store.database import Database
from catalog.store.tables import plain

logger = logging.getLogger("catalog.fleet")


@dataclass
class Tasks:
    """The work of one process. Its threads share the database and the HTTP client."""

    loaded: Loaded
    database: Database
    http: Http
    stop: Event = field(default_factory=Event)

    def __post_init__(self) -> None:
        general = self.loaded.settings
        self._members = Members(general)
        self._channels = [each.name for each in wire_channels(general, self.http, now)]
        self._running: set[str] = set()
        self._lock = Lock()

    def due(self) -> list[Due]:
        """Return the work that is due by the clock of the database."""
        with self.database.reading() as connection:
            at = present(connection, now()).now
            done = slots.newest_done(plain(connection))
            members = self._members.all(connection)
            channels = outbox.due(connection, self._channels, at)
        sends = [Due(SEND, name, at) for name in sorted(channels)]
        return [*sends, *(due for each in members for due in due_slots(each, done, at))]

    def run(self, task: str, name: str) -> list[Due]:
        """Do one piece of work, and return what is due after it.

        Errors are logged.
        """
        work = {PASS: self._poll, SEND: self._send, PROBE: self._probe}[task]
        with self._alone(f"{task} {name}") as is_alone:
            if not is_alone:
                return []
            try:
                return work(name, self._clock())
            except Exception as error:  # noqa: BLE001  # the worker logs it and continues
                _log_error(task, name, error)
                return []

    def _poll(self, name: str, clock: Clock) -> list[Due]:
        slot = wire_schedule(self._settings(name).schedule).slot(clock())
        try:
            settings = self._settings(name, token=True)
            loaded = replace(self.loaded, settings=settings)
            made = wire_scheduled(settings, loaded, self.database, self.http, clock)
        except SettingsInvalid:  # such as a missing token
            with self.database.writing(ends_fast_path=False) as connection:
                slots.finish(plain(connection), name, slot, clock())  # one error per slot
            raise
        scheduled = replace(made, sync=replace(made.sync, delivers=False))
        with self._claiming(name, slot):
            run = scheduled.run()
        log_lines(logger, run_lines(name, run))
        if run.result is None or not run.result.poll.findings:
            return []
        with self.database.reading() as connection:
            channels = outbox.due(connection, self._channels, clock())
        return [Due(SEND, each, clock()) for each in sorted(channels)]

    def _send(self, channel: str, clock: Clock) -> list[Due]:
        """Send the due messages of a channel."""
        with self.database.reading() as connection:
            names = outbox.providers(connection, channel)
            members = self._members.all(connection) if names else ()
        several = tuple(each.one for each in members if each.one.name in names)
        if names:
            general = self.loaded.settings
            # The providers of the messages, because a message links the page of its provider.
            settings = general.model_copy(update={"provider": several or general.provider})
            wire_sync(settings, self.database, self.http, clock).deliver(only=channel)
        return []

    def _probe(self, name: str, clock: Clock) -> list[Due]:
        settings = self._settings(name, token=True)
        probing = wire_probing(settings, self.database, self.http, self.stop, clock)
        probes = wire_probe_times(settings, probing)
        with self._claiming(f"{name}/probe", probes.schedule.slot(clock())):
            results = probes.run()
        log_lines(logger, call_lines(name, results))
        following = probes.next_at()
        is_early = following < probes.schedule.next_after(clock())  # a second call
        return [Due(PROBE, name, following)] if results and is_early else []

    def _settings(self, name: str, *, token: bool = False) -> Settings:
        with self.database.reading() as connection:
            return self._members.find(connection, name, token=token)

    def _clock(self) -> Clock:
        """Return a clock that shows the time of the database.

        Workers have different clocks, and must agree on the current slot.
        """
        with self.database.reading() as connection:
            ahead = present(connection, now()).now - now()
        return lambda: now() + ahead

    @contextmanager
    def _claiming(self, name: str, slot: datetime) -> Iterator[None]:
        """Release the claim of a slot after an exception, for another worker."""
        try:
            yield
        except Exception:
            with suppress(CatalogError), self.database.writing(ends_fast_path=False) as connection:
                slots.release(plain(connection), name, slot)
            raise

    @contextmanager
    def _alone(self, name: str) -> Iterator[bool]:
        """Yield whether no other thread of this process does the same.

        A claim does not stop the process that holds it.
        """
        with self._lock:
            is_alone = name not in self._running
            self._running.add(name)
        try:
            yield is_alone
        finally:
            if is_alone:
                self._running.discard(name)


def _log_error(task: str, name: str, error: Exception) -> None:
    if not isinstance(error, CatalogError):
        log_trace(logger, error)
    if task == SEND:
        reason = error_line(error) if isinstance(error, CatalogError) else place(error)
        logger.error("channel %s: sending stopped, %s", name, reason)
        return
    log_lines(logger, (call_lines if task == PROBE else run_lines)(name, error))
