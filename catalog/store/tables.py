"""Declare the tables. Rows never leave this package.

Times are UTC text with whole seconds (`2025-11-26T14:07:15Z`), because they sort, take 20 bytes and
are readable in any SQL shell. docs/database.md shows the tables.
"""

import sqlite3
from datetime import date, datetime
from functools import cache, lru_cache
from typing import Any, TypeVar

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Dialect,
    Executable,
    ForeignKey,
    Index,
    LargeBinary,
    Table,
    Text,
    TypeDecorator,
    insert,
    literal_column,
    text,
)
from sqlmodel import Field, SQLModel

from catalog.core.clock import stamp
from catalog.store.driver import Execute
from catalog.store.text_values import to_moment

Value = TypeVar("Value")


class Moment(TypeDecorator[datetime]):
    """A UTC time as RFC 3339 text with whole seconds."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> str | None:
        """Return the text of a time."""
        return None if value is None else stamp(value)

    def process_result_value(self, value: Any, _dialect: Dialect) -> datetime | None:
        """Return a stored time, or raise StoreError."""
        return None if value is None else to_moment(value)


def _where(condition: str) -> dict[str, Any]:
    # The PostgreSQL option is only in the migrations, because it would load the whole dialect.
    return {"sqlite_where": text(condition)}


class PayloadRow(SQLModel, table=True):
    """A body as sent, compressed and stored once by its digest.

    `body` is None after pruning. With a `base_sha256` it is the difference to that whole body.
    """

    __tablename__ = "payload"
    __table_args__ = (Index("payload_base", "base_sha256"),)
    sha256: str = Field(primary_key=True)
    size: int
    body: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    # No foreign key, because an export may have a body before its base. `db verify` checks it.
    base_sha256: str | None = None


class SnapshotRow(SQLModel, table=True):
    """One accepted state of one provider's catalog."""

    __tablename__ = "snapshot"
    id: int | None = Field(default=None, primary_key=True)
    provider: str
    taken_at: datetime = Field(sa_type=Moment)
    digest: str
    previous_id: int | None = Field(default=None, foreign_key="snapshot.id")
    model_count: int
    chain: str = Field(default="", sa_column_kwargs={"server_default": ""})
    notes: int | None = None
    __table_args__ = (Index("snapshot_by_time", "provider", "taken_at"),)


class PollRow(SQLModel, table=True):
    """One poll. An unchanged poll does not repeat the last accepted values."""

    __tablename__ = "poll"
    id: int | None = Field(default=None, primary_key=True)
    provider: str
    started_at: datetime = Field(sa_type=Moment)
    duration_ms: int
    outcome: str
    http_status: int | None = None
    snapshot_id: int | None = Field(default=None, foreign_key="snapshot.id")
    url: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    payload_sha256: str | None = Field(default=None, foreign_key="payload.sha256")
    candidate: str | None = None
    error: str | None = None
    # A small index, because every poll reads the few rows that have these values.
    __table_args__ = (
        Index("poll_by_payload", "provider", "id", **_where("payload_sha256 IS NOT NULL")),
        Index(
            "poll_by_validators",
            "provider",
            "id",
            **_where("etag IS NOT NULL OR last_modified IS NOT NULL"),
        ),
    )


class MissingModelRow(SQLModel, table=True):
    """A missing model that stays current: its removal is unconfirmed, or held."""

    __tablename__ = "missing_model"
    poll_id: int = Field(foreign_key="poll.id", primary_key=True)
    key: str = Field(primary_key=True)


class ModelVersionRow(SQLModel, table=True):
    """One range of snapshots without changes of a model: [first, last)."""

    __tablename__ = "model_version"
    id: int | None = Field(default=None, primary_key=True)
    provider: str
    key: str
    name: str
    type: str
    status: str | None = None
    beta: bool | None = None
    context_limit: int | None = Field(default=None, sa_type=BigInteger)
    description: str | None = None
    route: str | None = None
    facts: str
    first_snapshot: int = Field(foreign_key="snapshot.id")
    last_snapshot: int | None = Field(default=None, foreign_key="snapshot.id")
    digest: str = Field(default="", sa_column_kwargs={"server_default": ""})
    __table_args__ = (
        Index("model_version_by_key", "provider", "key", "first_snapshot"),
        Index("model_version_by_end", "provider", "last_snapshot"),
    )


class FindingRow(SQLModel, table=True):
    """The meaning of one or more changes, with rule and level."""

    __tablename__ = "finding"
    id: int | None = Field(default=None, primary_key=True)
    poll_id: int = Field(foreign_key="poll.id", index=True)
    provider: str
    rule: str
    level: str
    fingerprint: str
    callable_until: date | None = Field(default=None)
    ground: str | None = None
    basis: str | None = None
    moves: int | None = None


class ChangeRow(SQLModel, table=True):
    """One change. `before` and `after` are JSON, NULL for a missing field.

    `version_id` is the state after the change, or the last one of a removed or renamed model. A
    rename has its new key in `after` and its new name in `detail`. Drift and problems have no
    version, and their arguments are in `detail`.
    """

    __tablename__ = "change"
    id: int | None = Field(default=None, primary_key=True)
    finding_id: int = Field(foreign_key="finding.id", index=True)
    kind: str
    version_id: int | None = Field(default=None, foreign_key="model_version.id", index=True)
    field: str | None = None
    before: str | None = None
    after: str | None = None
    gone_since: datetime | None = Field(default=None, sa_type=Moment)
    detail: str | None = None
    fingerprint: str
    # Partial indexes, because polls need the few rows of these kinds.
    __table_args__ = (
        Index("change_retiring", "id", **_where("kind = 'retiring'")),
        Index("change_drift", "id", **_where("kind = 'drift'")),
    )


class DeliveryRow(SQLModel, table=True):
    """The outbox: one finding for one channel, in one message."""

    __tablename__ = "delivery"
    id: int | None = Field(default=None, primary_key=True)
    finding_id: int = Field(sa_column=Column(ForeignKey("finding.id"), nullable=False, index=True))
    channel: str
    message_id: str = Field(index=True)
    state: str
    attempts: int = 0
    next_at: datetime | None = Field(default=None, sa_type=Moment)
    paused_until: datetime | None = Field(default=None, sa_type=Moment)
    waits_since: datetime | None = Field(default=None, sa_type=Moment)
    delivered_at: datetime | None = Field(default=None, sa_type=Moment)
    claimed_by: str | None = None
    claimed_until: datetime | None = Field(default=None, sa_type=Moment)
    error: str | None = None
    __table_args__ = (Index("delivery_by_state", "state", "channel"),)


class SlotRow(SQLModel, table=True):
    """One scheduled time of one provider: done, or claimed."""

    __tablename__ = "slot"
    provider: str = Field(primary_key=True)
    moment: datetime = Field(sa_column=Column(Moment, primary_key=True))
    claimed_by: str | None = None
    claimed_until: datetime | None = Field(default=None, sa_type=Moment)
    done_at: datetime | None = Field(default=None, sa_type=Moment)


class ProviderRow(SQLModel, table=True):
    """A provider of `catalog provider add`. `settings` is JSON without secrets."""

    __tablename__ = "provider"
    name: str = Field(primary_key=True)
    settings: str
    added_at: datetime = Field(sa_type=Moment)


class FastPathRow(SQLModel, table=True):
    """The inputs of the next poll on the fast path (see store/fast.py).

    `settings` is NULL while the pass that wrote the row runs.
    """

    __tablename__ = "fast_path"
    provider: str = Field(primary_key=True)
    run: str | None = None
    settings: str | None = None
    until: datetime | None = Field(default=None, sa_type=Moment)
    snapshot_id: int | None = Field(default=None, foreign_key="snapshot.id")
    payload_sha256: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    document: str | None = None
    document_sha256: str | None = None
    request: str | None = None


class ProbeRow(SQLModel, table=True):
    """The result of one call of a model by name and route."""

    __tablename__ = "probe"
    id: int | None = Field(default=None, primary_key=True)
    provider: str
    key: str | None = None
    name: str
    route: str
    at: datetime = Field(sa_type=Moment)
    verdict: str
    believed: bool
    http_status: int | None = None
    latency_ms: int | None = None
    calls: int
    tokens: int
    answered_as: str | None = None
    said: str | None = None
    accepted: str | None = None
    __table_args__ = (
        Index("probe_by_name", "provider", "name", "route", "id"),
        Index("probe_by_time", "provider", "at"),
        Index("probe_by_key", "provider", "key", "believed", "name", "route", "id"),
    )


class NoteRow(SQLModel, table=True):
    """A person's note about the future of a model. The newest counts."""

    __tablename__ = "note"
    id: int | None = Field(default=None, primary_key=True)
    provider: str
    key: str
    noted_at: datetime = Field(sa_type=Moment)
    retires: date | None = Field(default=None)
    successor: str | None = None
    source: str | None = None
    __table_args__ = (Index("note_by_key", "provider", "key", "id"),)


class TallyRow(SQLModel, table=True):
    """The row count and digest sum of a range of ids."""

    __tablename__ = "tally"
    name: str = Field(primary_key=True)
    span: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    row_count: int
    digest: str


def table_of(row: type[SQLModel]) -> Table:
    """Return the table of a row class."""
    return SQLModel.metadata.tables[str(row.__tablename__)]


def col(field: Value) -> ColumnElement[Value]:
    """Return the Core column of a field of a row class.

    SQLModel's own `col` returns an ORM attribute, and the ORM doubles the cost of a statement. For
    an alias, take the column by name.
    """
    mapped: Any = field
    column: ColumnElement[Value] = mapped.property.columns[0]
    return column


def fixed(word: str) -> ColumnElement[str]:
    """Return a word as a constant of a statement.

    SQLite plans a statement again after each binding of a parameter that may choose an index.
    """
    return literal_column(f"'{word}'")


@cache
def inserting(row: type[SQLModel]) -> Executable:
    """Return the insert statement. Building it costs more than a row."""
    return insert(table_of(row))


_text = lru_cache(64)(text)


def plain(connection: Connection) -> Execute:
    """Return a function that runs our SQL on a connection.

    SQLite gets it from its driver, because SQLAlchemy takes five times as long. It may then raise
    sqlite3.Error.
    """
    driver = connection.connection.driver_connection
    if isinstance(driver, sqlite3.Connection):
        return driver.execute
    return lambda sql, values: connection.execute(_text(sql), values)


def write(connection: Connection, row: type[SQLModel], **values: object) -> int:
    """Insert one row and return its id."""
    key: Any = connection.execute(inserting(row), values).inserted_primary_key
    return int(key[0])
