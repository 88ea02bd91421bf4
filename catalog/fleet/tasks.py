"""Find due work, and do one piece of it. This module does not know the job engine.

The rows of slots and deliveries decide what is done. So a task may be called twice, and a task that
was never called is found again.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import SystemRandom
from threading import Event, Lock

from catalog.config.build import wire_schedule, wire_scheduled
from catalog.config.load import Loaded
from catalog.config.settings import Settings
from catalog.core.clock import Clock, now
from catalog.core.errors import CatalogError
from catalog.core.http.client import Http
from catalog.core.unexpected import log_trace
from catalog.daemon.report import Line, run_lines
from catalog.store import slots
from catalog.store.claims import present
from catalog.store.database import Database
from catalog.store.tables import plain

logger = logging.getLogger("catalog.fleet")


@dataclass(frozen=True, slots=True)
class Due:
    """One piece of due work. `at` is the time to begin it."""

    task: str
    name: str
    at: datetime


@dataclass
class Tasks:
    """The work of one process. Its threads share the database and the HTTP client."""

    loaded: Loaded
    database: Database
    http: Http
    stop: Event = field(default_factory=Event)
    _running: set[str] = field(default_factory=set)
    _lock: Lock = field(default_factory=Lock)

    def due(self) -> list[Due]:
        """Return the work that is due by the clock of the database."""
        with self.database.reading() as connection:
            at = present(connection, now()).now
            done = slots.newest_done(plain(connection))
        return [*_due_passes(self.loaded.settings, done, at)]

    def poll(self, name: str) -> None:
        """Run the scheduled pass of a provider, unless its slot is done."""
        with self._alone(f"pass {name}") as is_alone:
            if is_alone:
                _log(self._poll(name))

    def _poll(self, name: str) -> list[Line]:
        try:
            clock = self._clock()
            settings = self._settings(name)
            narrow = replace(self.loaded, settings=settings)
            scheduled = wire_scheduled(settings, narrow, self.database, self.http, clock)
        except CatalogError as error:
            return run_lines(name, error)
        slot = scheduled.schedule.slot(clock())
        try:
            return run_lines(name, scheduled.run())
        except Exception as error:  # noqa: BLE001  # the worker logs it and continues
            if not isinstance(error, CatalogError):
                log_trace(logger, error)
            self._release(name, slot)
            return run_lines(name, error)

    def _settings(self, name: str) -> Settings:
        """Return the settings of one provider, without the other providers."""
        each = next(each for each in self.loaded.settings.each if each.one.name == name)
        return each.model_copy(update={"provider": (each.one,)})

    def _clock(self) -> Clock:
        """Return a clock that shows the time of the database.

        Workers have different clocks, and must agree on the current slot.
        """
        with self.database.reading() as connection:
            ahead = present(connection, now()).now - now()
        return lambda: now() + ahead

    def _release(self, name: str, slot: datetime) -> None:
        with suppress(CatalogError), self.database.writing(ends_fast_path=False) as connection:
            slots.release(plain(connection), name, slot)

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


def _due_passes(settings: Settings, done: dict[str, datetime], at: datetime) -> Iterator[Due]:
    for each in settings.each:
        schedule, name = wire_schedule(each.schedule), each.one.name
        slot = schedule.slot(at)
        if name not in done or done[name] < slot:
            room = (schedule.next_after(at) - slot) / 2
            jitter = min(each.schedule.jitter or timedelta(), room)
            yield Due("pass", name, max(at, slot + jitter * SystemRandom().random()))


def _log(lines: list[Line]) -> None:
    for level, line in lines:
        logger.log(level, "%s", line)
