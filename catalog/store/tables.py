"""Declare the tables. Rows never leave this package.

They are tables of SQLAlchemy's Core, because each run that finds a change would load its ORM.

Times are UTC text with whole seconds (`2025-11-26T14:07:15Z`), because they sort, take 20 bytes and
are readable in any SQL shell. docs/database.md shows the tables.
"""

from datetime import datetime
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Date,
    Dialect,
    Executable,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    insert,
    text,
)

from catalog.core.clock import stamp
from catalog.store.driver import Execute
from catalog.store.text_values import to_moment


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


METADATA = MetaData()
PAYLOAD = Table(
    "payload",
    METADATA,
    Column("sha256", String, primary_key=True),
    Column("size", Integer, nullable=False),
    Column("body", LargeBinary),
    # No foreign key, because an export may have a body before its base. `db verify` checks it.
    Column("base_sha256", String),
    Index("payload_base", "base_sha256"),
)
"""A body as sent, compressed and stored once by its digest.

`body` is None after pruning. With a `base_sha256` it is the difference to that whole body.
"""
SNAPSHOT = Table(
    "snapshot",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("provider", String, nullable=False),
    Column("taken_at", Moment, nullable=False),
    Column("digest", String, nullable=False),
    Column("previous_id", Integer, ForeignKey("snapshot.id")),
    Column("model_count", Integer, nullable=False),
    Column("chain", String, nullable=False, server_default=""),
    Column("notes", Integer),
    Index("snapshot_by_time", "provider", "taken_at"),
)
"""One accepted state of one provider's catalog."""
POLL = Table(
    "poll",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("provider", String, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("duration_ms", Integer, nullable=False),
    Column("outcome", String, nullable=False),
    Column("http_status", Integer),
    Column("snapshot_id", Integer, ForeignKey("snapshot.id")),
    Column("url", String),
    Column("etag", String),
    Column("last_modified", String),
    Column("payload_sha256", String, ForeignKey("payload.sha256")),
    Column("candidate", String),
    Column("error", String),
    # A small index, because every poll reads the few rows that have these values.
    Index("poll_by_payload", "provider", "id", **_where("payload_sha256 IS NOT NULL")),
    Index(
        "poll_by_validators",
        "provider",
        "id",
        **_where("etag IS NOT NULL OR last_modified IS NOT NULL"),
    ),
)
"""One poll. An unchanged poll does not repeat the last accepted values."""
MISSING_MODEL = Table(
    "missing_model",
    METADATA,
    Column("poll_id", Integer, ForeignKey("poll.id"), primary_key=True),
    Column("key", String, primary_key=True),
)
"""A missing model that stays current: its removal is unconfirmed, or held."""
MODEL_VERSION = Table(
    "model_version",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("provider", String, nullable=False),
    Column("key", String, nullable=False),
    Column("name", String, nullable=False),
    Column("type", String, nullable=False),
    Column("status", String),
    Column("beta", Boolean),
    Column("context_limit", BigInteger),
    Column("description", String),
    Column("route", String),
    Column("facts", String, nullable=False),
    Column("first_snapshot", Integer, ForeignKey("snapshot.id"), nullable=False),
    Column("last_snapshot", Integer, ForeignKey("snapshot.id")),
    Column("digest", String, nullable=False, server_default=""),
    Index("model_version_by_key", "provider", "key", "first_snapshot"),
    Index("model_version_by_end", "provider", "last_snapshot"),
)
"""One range of snapshots without changes of a model: [first, last)."""
FINDING = Table(
    "finding",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("poll_id", Integer, ForeignKey("poll.id"), nullable=False, index=True),
    Column("provider", String, nullable=False),
    Column("rule", String, nullable=False),
    Column("level", String, nullable=False),
    Column("fingerprint", String, nullable=False),
    Column("callable_until", Date),
    Column("ground", String),
    Column("basis", String),
    Column("moves", Integer),
)
"""The meaning of one or more changes, with rule and level."""
CHANGE = Table(
    "change",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("finding_id", Integer, ForeignKey("finding.id"), nullable=False, index=True),
    Column("kind", String, nullable=False),
    Column("version_id", Integer, ForeignKey("model_version.id"), index=True),
    Column("field", String),
    Column("before", String),
    Column("after", String),
    Column("gone_since", Moment),
    Column("detail", String),
    Column("fingerprint", String, nullable=False),
    # Partial indexes, because polls need the few rows of these kinds.
    Index("change_retiring", "id", **_where("kind = 'retiring'")),
    Index("change_drift", "id", **_where("kind = 'drift'")),
)
"""One change. `before` and `after` are JSON, NULL for a missing field.

`version_id` is the state after the change, or the last one of a removed or renamed model. A
rename has its new key in `after` and its new name in `detail`. Drift and problems have no
version, and their arguments are in `detail`.
"""
DELIVERY = Table(
    "delivery",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("finding_id", Integer, ForeignKey("finding.id"), nullable=False, index=True),
    Column("channel", String, nullable=False),
    Column("message_id", String, nullable=False, index=True),
    Column("state", String, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("next_at", Moment),
    Column("paused_until", Moment),
    Column("waits_since", Moment),
    Column("delivered_at", Moment),
    Column("claimed_by", String),
    Column("claimed_until", Moment),
    Column("error", String),
    Index("delivery_by_state", "state", "channel"),
)
"""The outbox: one finding for one channel, in one message."""
SLOT = Table(
    "slot",
    METADATA,
    Column("provider", String, primary_key=True),
    Column("moment", Moment, primary_key=True),
    Column("claimed_by", String),
    Column("claimed_until", Moment),
    Column("done_at", Moment),
)
"""One scheduled time of one provider: done, or claimed."""
PROVIDER = Table(
    "provider",
    METADATA,
    Column("name", String, primary_key=True),
    Column("settings", String, nullable=False),
    Column("added_at", Moment, nullable=False),
)
"""A provider that was added by a command. `settings` is JSON without secrets."""
FAST_PATH = Table(
    "fast_path",
    METADATA,
    Column("provider", String, primary_key=True),
    Column("run", String),
    Column("settings", String),
    Column("until", Moment),
    Column("snapshot_id", Integer, ForeignKey("snapshot.id")),
    Column("payload_sha256", String),
    Column("etag", String),
    Column("last_modified", String),
    Column("document", String),
    Column("document_sha256", String),
    Column("request", String),
)
"""The inputs of the next poll on the fast path (see store/fast.py).

`settings` is NULL while the pass that wrote the row runs.
"""
PROBE = Table(
    "probe",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("provider", String, nullable=False),
    Column("key", String),
    Column("name", String, nullable=False),
    Column("route", String, nullable=False),
    Column("at", Moment, nullable=False),
    Column("verdict", String, nullable=False),
    Column("believed", Boolean, nullable=False),
    Column("http_status", Integer),
    Column("latency_ms", Integer),
    Column("calls", Integer, nullable=False),
    Column("tokens", Integer, nullable=False),
    Column("answered_as", String),
    Column("said", String),
    Column("accepted", String),
    Index("probe_by_name", "provider", "name", "route", "id"),
    Index("probe_by_time", "provider", "at"),
    Index("probe_by_key", "provider", "key", "believed", "name", "route", "id"),
)
"""The result of one call of a model by name and route."""
NOTE = Table(
    "note",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("provider", String, nullable=False),
    Column("key", String, nullable=False),
    Column("noted_at", Moment, nullable=False),
    Column("retires", Date),
    Column("successor", String),
    Column("source", String),
    Index("note_by_key", "provider", "key", "id"),
)
"""A person's note about the future of a model. The newest counts."""
TALLY = Table(
    "tally",
    METADATA,
    Column("name", String, primary_key=True),
    Column("span", Integer, primary_key=True, autoincrement=False),
    Column("row_count", Integer, nullable=False),
    Column("digest", String, nullable=False),
)
"""The row count and digest sum of a range of ids."""


@cache
def inserting(table: Table) -> Executable:
    """Return the cached insert statement. Building costs more than a row."""
    return insert(table)


@lru_cache(64)
def _text(sql: str) -> Executable:
    return text(sql)


def plain(connection: Connection) -> Execute:
    """Return a function that runs our SQL on a connection."""
    return lambda sql, values: connection.execute(_text(sql), values)


def write(connection: Connection, table: Table, **values: object) -> int:
    """Insert one row and return its id."""
    key: Any = connection.execute(inserting(table), values).inserted_primary_key
    return int(key[0])
