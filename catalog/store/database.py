"""Open a database, upgrade its schema, and provide transactions."""

import logging
import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    OperationalError,
    SQLAlchemyError,
)

from catalog.core.errors import (
    DatabaseBusy,
    DatabaseTooNew,
    DatabaseUnreachable,
    SettingsInvalid,
    StoreError,
)
from catalog.core.files import require_regular
from catalog.core.waiting import Wait, waiting
from catalog.store import server_errors
from catalog.store.driver import BUSY_TIMEOUT, REVISIONS, held
from catalog.store.engine import check_driver, file_of, is_memory, make_engine
from catalog.store.text_values import FIRST, HINTS, other_program

PATH = "write the path of an SQLite file or an SQLAlchemy URL"
OTHER = "Name another file with --database. It may be a new one."
ERRORS = (SQLAlchemyError, sqlite3.Error)  # the driver's own are from `tables.plain`
MEMORY = "sqlite://"
"""The URL of a database in memory."""

logger = logging.getLogger(__name__)
_FAST_PATH_ENDS = text("DELETE FROM fast_path WHERE provider = coalesce(:of, provider)")
Transaction = Connection
"""The handle of a transaction. Only this package uses its methods."""


@dataclass(frozen=True, slots=True)
class Upgraded:
    """The result of an upgrade. `backup` is None without an old file."""

    before: str
    after: str
    backup: Path | None = None


class Database:
    """A database, opened on first use."""

    def __init__(
        self,
        url: str,
        *,
        busy_timeout: float = BUSY_TIMEOUT,
        upgrades: bool = True,
        writes: bool = True,
    ) -> None:
        """Accept an SQLAlchemy URL or the path of an SQLite file.

        Raise SettingsInvalid for an unusable URL. Without `upgrades`, an old schema is refused.
        Without `writes`, the database is opened read-only.
        """
        self._upgrades = upgrades and writes
        self._writes = writes
        self._busy_timeout = busy_timeout
        self._upgraded: Upgraded | None = None
        self._together: Connection | None = None
        try:
            # A path is never put into a URL, because it may contain `%` or `?`.
            self.url = make_url(url) if "://" in url else URL.create("sqlite", database=url)
        except (ArgumentError, ValueError):
            raise SettingsInvalid(
                f"it is not a database URL; {PATH}"
            ) from None  # because the error may quote the password
        check_driver(self.url)

    @property
    def place(self) -> str:
        """Return the file, or the URL without its password."""
        if self.file is not None:
            return str(self.file)
        hidden = {name: "***" for name in self.url.query if "pass" in name.lower()}
        return self.url.update_query_dict(hidden).render_as_string(hide_password=True)

    @property
    def file(self) -> Path | None:
        """Return the SQLite file, None for a server or memory."""
        return file_of(self.url)

    @property
    def exists(self) -> bool:
        """Return whether a database exists, or raise StoreError.

        An empty file is refused. Interrupted runs leave no empty file, so its content was lost.
        """
        if self.file is None:
            return True
        try:
            status = self.file.stat()
            require_regular(status.st_mode)
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError as error:  # such as a pipe, or a folder without permission
            raise StoreError(f"cannot read {self.place}: {error.strerror}") from error
        if status.st_size == 0:
            hint = (
                "`catalog db restore FILE` restores a backup; without one, delete the empty file."
            )
            raise StoreError(f"{self.place} is an empty file: its data is lost", hint=hint)
        return True

    @property
    def size(self) -> int:
        """Return the size in bytes, or raise StoreError."""
        with self.reading() as connection:
            return size_of(connection)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Yield a consistent read transaction.

        Raise StoreError, for example if no database exists yet.
        """
        if self._together is None and not self.exists:
            raise StoreError(f"there is no database at {self.place}", hint=FIRST)
        with self._transaction(immediate=False) as connection:
            yield connection

    @contextmanager
    def writing(
        self, *, keep: bool = True, ends_fast_path: bool = True, of: str | None = None
    ) -> Iterator[Connection]:
        """Yield the only write transaction, rolled back unless `keep`.

        It ends the fast path of every provider, or only of the provider `of` (see store/fast.py).
        Without `ends_fast_path` it ends no fast path.
        """
        is_first = self._together is None  # because the outer one has ended every fast path
        with self._transaction(immediate=True) as connection:
            if ends_fast_path and is_first:
                connection.execute(_FAST_PATH_ENDS, {"of": of})
            yield connection
            if not keep:
                connection.rollback()

    @contextmanager
    def filling(self) -> Iterator[Connection]:
        """Hold a write transaction that leaves no new file after a rollback.

        Raise StoreError, for example if another process creates the file meanwhile.
        """
        if self.file is None or self.exists:
            with self.writing() as connection:
                yield connection
            return
        try:
            with self._draft() as (engine, temporary, file):
                with engine.begin() as connection:
                    yield connection
                os.link(temporary, file)
        except FileExistsError:
            raise StoreError(
                f"{self.place} was created by another process; nothing was imported", hint=OTHER
            ) from None
        except (*ERRORS, OSError) as error:
            raise self._explain(error) from error

    @contextmanager
    def together(self) -> Iterator[None]:
        """Join the write transactions within this context into one.

        Each one is complete or rolled back. After an exception, the earlier ones are committed.
        They are lost only if the process dies.
        """
        raised: BaseException | None = None
        try:
            with self.writing() as self._together:
                try:
                    yield
                except BaseException as error:  # noqa: BLE001  # raised again below
                    raised = error
        except StoreError as error:
            raised = raised or error  # because the first error is the cause
        finally:
            self._together = None
        if raised is not None:
            raise raised

    @property
    def is_locked(self) -> bool:
        """Return whether `together` keeps other processes from writing."""
        return self._together is not None

    def upgrade(self) -> Upgraded | None:
        """Upgrade the schema and return the result, None if it was current.

        Raise StoreError, for example if no database exists yet.
        """
        with self.reading():
            return self._upgraded

    def close(self) -> None:
        """Close every connection. The next use opens new ones."""
        engine = self.__dict__.pop("_engine", None)
        if engine is not None:
            engine.dispose()

    @contextmanager
    def _transaction(self, *, immediate: bool) -> Iterator[Connection]:
        if self._together is None and not self.exists:
            self.close()  # because the file was removed, and a new one has no schema yet
        try:
            if self._together is not None:
                with _part(self._together) if immediate else nullcontext():
                    yield self._together
                return
            engine = self._engine.execution_options(immediate=immediate)
            wait = Wait(held(self.place))
            with ExitStack() as stack:
                stack.callback(wait.stop)
                wait.start()
                connection = stack.enter_context(engine.begin())
                if immediate and self.url.get_backend_name() == "postgresql":
                    connection.execute(text("LOCK TABLE poll IN SHARE ROW EXCLUSIVE MODE"))
                wait.stop()
                stack.callback(wait.start)  # because a commit waits until all readers are done
                yield connection
        except ERRORS as error:
            if not is_memory(self.url):
                self.close()  # because a backup with an older schema may replace it
            raise self._explain(error) from error

    @cached_property
    def _engine(self) -> Engine:
        try:
            if not self.exists:
                with self._draft() as (_, temporary, file), suppress(OSError):
                    # If another process was faster, its file stays. Without hard links, SQLite
                    # creates the file itself.
                    os.link(temporary, file)
            engine = make_engine(self.url, self._busy_timeout, writes=self._writes)
            self._upgraded = _bring_up_to_date(engine, self.place, upgrades=self._upgrades)
        except (TypeError, ValueError) as error:  # a bad option in the URL
            raise SettingsInvalid(f"the database URL is invalid: {error}") from None
        except (*ERRORS, OSError) as error:
            raise self._explain(error) from error
        return engine

    @contextmanager
    def _draft(self) -> Iterator[tuple[Engine, Path, Path]]:
        """Make a database under another name, removed unless renamed."""
        file = Path(os.path.realpath(self.place))
        file.parent.mkdir(parents=True, exist_ok=True)
        temporary = file.with_name(f".catalog-{secrets.token_hex(4)}.tmp")
        engine = make_engine(self.url.set(database=str(temporary)), self._busy_timeout)
        try:
            _bring_up_to_date(engine, self.place, upgrades=self._upgrades)
            yield engine, temporary, file
        finally:
            temporary.unlink(missing_ok=True)

    def _explain(self, error: Exception) -> StoreError:
        """Convert an error to one line without SQL and values."""
        message = str(error.orig) if isinstance(error, DBAPIError) else str(error)
        first = message.strip().split("\n")[0]
        if "locked" in first or "busy" in first:
            waited = f"{self._busy_timeout:g} s"
            return DatabaseBusy(f"{self.place} was locked by another process for over {waited}")
        if self.url.get_backend_name() == "postgresql":
            text, known = f"{self.place}: {first}", server_errors.hint(first)
            if _is_cut(error):
                return DatabaseUnreachable(text, hint=known or "")
            return StoreError(text, hint=known or server_errors.OTHER)
        if "readonly" in first and not self._writes:
            text = f"a process died while it wrote to {self.place}, which is opened read-only here"
            return StoreError(text, hint="`catalog status` repairs it, and so does the next poll.")
        hint = next((hint for word, hint in HINTS.items() if word in first), "")
        return StoreError(f"{self.place}: {first}", hint=hint)


def size_of(connection: Connection) -> int:
    """Return the size of a database in bytes."""
    query = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
    if connection.dialect.name == "postgresql":
        query = "SELECT pg_database_size(current_database())"
    return int(connection.scalar(text(query)))


def _is_cut(error: Exception) -> bool:
    if not isinstance(error, OperationalError):
        return False
    state = getattr(error.orig, "sqlstate", None)
    return error.connection_invalidated or state is None or state.startswith(("08", "57"))


@contextmanager
def _part(connection: Connection) -> Iterator[None]:
    """Yield a savepoint that is rolled back after an exception."""
    execute = connection.exec_driver_sql  # because a nested transaction is compiled each time
    execute("SAVEPOINT part")
    try:
        yield
    except BaseException:
        with suppress(*ERRORS):  # because the database may have rolled back already
            execute("ROLLBACK TO SAVEPOINT part")
            execute("RELEASE SAVEPOINT part")
        raise
    execute("RELEASE SAVEPOINT part")


def _bring_up_to_date(engine: Engine, place: str, *, upgrades: bool) -> Upgraded | None:
    waited = waiting(held(place))
    with waited, engine.execution_options(immediate=False).begin() as connection:
        tables = set(inspect(connection).get_table_names())
        present = "alembic_version" in tables
        query = text("SELECT version_num FROM alembic_version")
        revision = connection.scalar(query) if present else None
    if revision == REVISIONS[-1]:
        return None
    if revision is None and tables - {"alembic_version"}:
        raise StoreError(other_program(place, tables), hint=OTHER)
    if revision is not None and revision not in REVISIONS:
        raise DatabaseTooNew(
            f"{place} has schema {revision}, this version supports at most {REVISIONS[-1]}"
        )
    if not upgrades:
        has = f"schema {revision}" if revision else "no schema yet"
        message = (
            f"{place} has {has}, this version needs {REVISIONS[-1]}; this command upgrades nothing"
        )
        raise StoreError(message, hint="Run `catalog db upgrade`.")
    from catalog.store.migrate import upgrade

    with waiting(f"the upgrade of {place}, which takes minutes for a large database"):
        done = upgrade(engine)
    if done is not None:
        kept = f"; a copy of the old database is {done.backup}" if done.backup else ""
        logger.warning("database upgraded from %s to %s%s", done.before, done.after, kept)
    return done
