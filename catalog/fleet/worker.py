"""Run a worker of the job engine, Procrastinate. Only this module uses it.

Each job names one piece of work. The dispatcher enqueues what is due, and drops the jobs of dead
workers, because it enqueues their work again. The engine's lock lets one job of a name run at a
time, and its queueing lock lets one wait.
"""

import asyncio
import logging
import os
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import (
    AlreadyEnqueued,
    ConnectorException,
    NoResult,
    UniqueViolation,
)
from procrastinate.jobs import Status
from procrastinate.schema import SchemaManager

from catalog.core.errors import CatalogError, DatabaseUnreachable, StoreError
from catalog.core.signal_queue import STOPS
from catalog.fleet.due import PASS, PROBE, SEND, Due
from catalog.fleet.tasks import Tasks
from catalog.store import job_tables
from catalog.store.database import Database

logger = logging.getLogger("catalog.fleet")
PAUSE = 1.0
"""Seconds before a worker whose connection broke starts again."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How often a worker acts, in seconds.

    `heartbeat` is the time between two signs of life. After `stalled` without a sign, a worker
    counts as dead. All workers of a fleet need the same values.
    """

    dispatch: int = 10
    heartbeat: float = 5.0
    stalled: float = 20.0


class _Forward(logging.Handler):
    """Log the engine's records in one line each, because it writes tracebacks."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log the first line of a record."""
        logger.log(record.levelno, "job engine: %s", record.getMessage().partition("\n")[0])


class _Connector(PsycopgConnector):
    """The engine's connections. `on_loss` is called when one breaks."""

    def __init__(self, conninfo: str, size: int, on_loss: Callable[[], None]) -> None:
        # As for the store: a pooler shares its connections.
        plain = {"prepare_threshold": None}
        super().__init__(conninfo=conninfo, kwargs=plain, min_size=1, max_size=size, timeout=10.0)
        self._on_loss = on_loss

    async def execute_query_async(self, query: Any, **arguments: Any) -> None:
        """Run a statement without a result."""
        await self._watch(super().execute_query_async(query, **arguments))

    async def execute_query_one_async(self, query: Any, **arguments: Any) -> dict[str, Any]:
        """Return the only row of a statement."""
        row: dict[str, Any] = await self._watch(super().execute_query_one_async(query, **arguments))
        return row

    async def execute_query_all_async(self, query: Any, **arguments: Any) -> list[dict[str, Any]]:
        """Return all rows of a statement."""
        rows: list[dict[str, Any]] = await self._watch(
            super().execute_query_all_async(query, **arguments)
        )
        return rows

    async def _watch(self, statement: Any) -> Any:
        try:
            return await statement
        except (UniqueViolation, NoResult):
            raise
        except ConnectorException:
            self._on_loss()
            raise


@dataclass
class Worker:
    """A worker process. It runs `concurrency` jobs at the same time, each in a thread."""

    tasks: Tasks
    concurrency: int
    pace: Pace = Pace()
    _stopping: bool = field(default=False, init=False)

    def run(self) -> int:
        """Run jobs until SIGTERM or SIGINT, and return the exit code."""
        quiet()
        asyncio.run(self._serve())
        logger.info("stopped")
        return 0

    async def _serve(self) -> None:
        """Run the engine's worker, again after each failure."""
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        for number in STOPS:
            loop.add_signal_handler(number, self._stop, number, stop)
        with ThreadPoolExecutor(self.concurrency) as pool:
            loop.set_default_executor(pool)
            logger.info("started, %d jobs at a time", self.concurrency)
            while not stop.is_set():
                await self._until_loss(stop)
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), PAUSE)

    def _stop(self, number: signal.Signals, stop: asyncio.Event) -> None:
        if self._stopping:
            logger.warning("%s again: stopped at once", number.name)
            os._exit(128 + number)
        self._stopping = True
        self.tasks.stop.set()
        logger.info("%s: finishing the current jobs, then stopping", number.name)
        stop.set()

    async def _until_loss(self, stop: asyncio.Event) -> None:
        """Run the engine's worker until the stop or a failure.

        After a broken connection the engine may not know that a job ended, and would keep its lock
        as long as the worker lives. So the worker ends, and a new one starts.
        """
        lost = asyncio.Event()
        url = self.tasks.database.url.set(drivername="postgresql")
        conninfo = url.render_as_string(hide_password=False)
        app = App(connector=_Connector(conninfo, self.concurrency + 1, lost.set))
        self._register(app)
        running = asyncio.create_task(self._engine(app))
        ends = [asyncio.create_task(each.wait()) for each in (stop, lost)]
        await asyncio.wait([running, *ends], return_when=asyncio.FIRST_COMPLETED)
        for each in (running, *ends):
            each.cancel()
        error = (await asyncio.gather(running, *ends, return_exceptions=True))[0]
        if isinstance(error, CatalogError) and not isinstance(error, DatabaseUnreachable):
            raise error  # such as a missing right, which a new attempt does not change
        if not stop.is_set():
            known = lost.is_set() or isinstance(error, DatabaseUnreachable | ConnectorException)
            what = "the connection to the database broke" if known else "the job engine failed"
            reason = f": {' '.join(str(error).split())}" if isinstance(error, Exception) else ""
            logger.warning("%s%s; the worker restarts", what, reason)

    async def _engine(self, app: App) -> None:
        await asyncio.to_thread(prepare, self.tasks.database)
        async with app.open_async():
            await app.run_worker_async(
                concurrency=self.concurrency,
                delete_jobs="always",
                install_signal_handlers=False,
                update_heartbeat_interval=self.pace.heartbeat,
                stalled_worker_timeout=self.pace.stalled,
            )

    def _register(self, app: App) -> None:
        @app.periodic(cron=f"* * * * * */{self.pace.dispatch}")
        @app.task(name="dispatch", queue="dispatch", queueing_lock="dispatch", priority=1)
        async def dispatch(timestamp: int) -> None:  # noqa: ARG001  # the engine gives it
            await self._dispatch(app)

        for kind in (PASS, SEND, PROBE):

            @app.task(name=kind, queue=kind)
            async def work(name: str, kind: str = kind) -> None:
                await self._enqueue(app, await asyncio.to_thread(self.tasks.run, kind, name))

    async def _dispatch(self, app: App) -> None:
        """Drop the jobs of dead workers, and enqueue what is due."""
        stalled = await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=self.pace.stalled)
        for job in stalled:
            logger.warning("a worker died: its job %s is dropped and repeated", job.call_string)
            await app.job_manager.finish_job(job, Status.FAILED, delete_job=True)
        try:
            due = await asyncio.to_thread(self.tasks.due)
        except StoreError as error:
            logger.warning("nothing was enqueued: %s", error)
        else:
            await self._enqueue(app, due)

    async def _enqueue(self, app: App, due: Sequence[Due]) -> None:
        """Enqueue work, unless the same work waits already."""
        waiting = await app.job_manager.list_jobs_async(status="todo") if due else ()
        known = {job.queueing_lock for job in waiting}
        for each in due:
            lock = f"{each.task} {each.name}"
            if lock not in known:
                task = app.tasks[each.task].configure(
                    lock=lock, queueing_lock=lock, schedule_at=each.at
                )
                with suppress(AlreadyEnqueued):
                    await task.defer_async(name=each.name)


def prepare(database: Database) -> None:
    """Create the engine's tables, if they are missing, or raise StoreError."""
    with database.writing(ends_fast_path=False) as connection:
        job_tables.create(connection, SchemaManager.get_schema())


def quiet() -> None:
    """Shorten the log of the engine and its connections."""
    for name, level in (("procrastinate", logging.WARNING), ("psycopg.pool", logging.ERROR)):
        log = logging.getLogger(name)
        log.handlers, log.propagate = [_Forward(level)], False
