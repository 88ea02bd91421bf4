"""What the daemon works with, and what happens to it: the items of its queue."""

import logging
import signal
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import SystemRandom
from typing import TypeVar

from catalog.core.clock import now
from catalog.core.errors import CatalogError, DatabaseBusy, DatabaseUnreachable
from catalog.core.unexpected import log_trace
from catalog.daemon.scheduled import ProbeTimes, Run, Scheduled
from catalog.probes.run import Results

logger = logging.getLogger("catalog.daemon")


@dataclass(frozen=True, slots=True, eq=False)
class Work:
    """What is to be done for one provider by one reading of the settings.

    `about` describes it, line by line.
    """

    scheduled: Scheduled
    jitter: timedelta
    about: tuple[str, ...]
    close: Callable[[], None]
    probes: ProbeTimes | None = None

    @property
    def provider(self) -> str:
        """The name of the provider."""
        return self.scheduled.provider

    def later(self, moment: datetime) -> datetime:
        """Return a moment at random within the jitter after this one."""
        return moment + self.jitter * SystemRandom().random()

    def stop_calls(self) -> None:
        """Let the calling of models end where it stands."""
        if self.probes is not None:
            self.probes.probing.stop.set()


@dataclass(frozen=True, slots=True)
class Ended:
    """A run that is over, what it was, and its id in the log; None where it did not even begin."""

    work: Work
    came: Run | Exception | None
    run: str


@dataclass(frozen=True, slots=True)
class Called:
    """The models were called; None where there was nothing to do. `again` is when to look next."""

    work: Work
    came: Results | Exception | None
    again: datetime


class Beat:
    """It is time to look whether all is well."""


class Carried:
    """What was owed has been sent, or tried."""


Came = TypeVar("Came")
Event = signal.Signals | Ended | Beat | Carried | Called


def attempt(call: Callable[[], Came]) -> Came | Exception:
    """Return what a call came to, or what it broke off with."""
    try:
        return call()
    except Exception as error:  # noqa: BLE001  # whatever it is, the daemon goes on and tells it
        if not isinstance(error, CatalogError):
            log_trace(logger, error)
        return error


def first_run(work: Work) -> datetime:
    """Return when to begin; a database that is held, or away, is waited for by the passes."""
    try:
        return work.scheduled.first()
    except (DatabaseBusy, DatabaseUnreachable) as error:
        logger.warning("%s; a pass is tried all the same", error)
        return now()
