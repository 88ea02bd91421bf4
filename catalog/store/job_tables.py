"""Create and read the job engine's tables, which are beside ours.

The engine is Procrastinate. Its tables exist only in PostgreSQL, and only after a first worker.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, text

_EXISTS = text("SELECT to_regclass('procrastinate_jobs') IS NOT NULL")
_WORKERS = text(
    "SELECT extract(epoch FROM clock_timestamp() - last_heartbeat)::float"
    " FROM procrastinate_workers ORDER BY id"
)
_JOBS = text(
    "SELECT queue_name, status::text, count(*) FROM procrastinate_jobs"
    " WHERE status IN ('todo', 'doing') GROUP BY 1, 2"
)


@dataclass(frozen=True, slots=True)
class Jobs:
    """The state of the engine.

    `heartbeats` are the seconds since the last heartbeat of each worker. `waiting` and `running`
    count jobs by queue.
    """

    heartbeats: tuple[float, ...] = ()
    waiting: Mapping[str, int] = field(default_factory=dict)
    running: Mapping[str, int] = field(default_factory=dict)


def create(connection: Connection, schema: str) -> None:
    """Run the engine's own SQL, unless its tables exist.

    The connection holds the write lock, so that two workers do not create them at the same time.
    """
    if not connection.scalar(_EXISTS):
        # Without parameters, because only then the server accepts several statements.
        connection.execution_options(no_parameters=True).exec_driver_sql(schema)


def read(connection: Connection) -> Jobs:
    """Return the state of the engine. It is empty before the first worker has started."""
    if not connection.scalar(_EXISTS):
        return Jobs()
    counts: dict[str, dict[str, int]] = {"todo": {}, "doing": {}}
    for queue, status, number in connection.execute(_JOBS):
        counts[status][queue] = number
    heartbeats = tuple(connection.scalars(_WORKERS))
    return Jobs(heartbeats, counts["todo"], counts["doing"])
