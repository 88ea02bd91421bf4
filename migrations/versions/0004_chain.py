"""Add a hash chain over the snapshots.

Model versions get digests, and payload bodies may be deleted. The formulas are copies of those in
catalog/store/chain.py at the time of this revision.
"""

import hashlib
import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

FACTS = (
    *("provider", "key", "name", "type", "status", "beta", "context_limit", "description"),
    *("route", "facts"),
)
VERSION = sa.table(
    "model_version",
    *(sa.column(name) for name in ("id", "first_snapshot", "digest")),
    *(sa.column(name, sa.Boolean() if name == "beta" else None) for name in FACTS),
)
SNAPSHOT = sa.table(
    "snapshot",
    *(sa.column(name) for name in ("id", "provider", "taken_at", "digest", "model_count", "chain")),
)
POLL = sa.table(
    "poll",
    *(sa.column(name) for name in ("id", "provider", "started_at", "outcome", "snapshot_id")),
    sa.column("payload_sha256"),
)
FINDING = sa.table(
    "finding",
    *(sa.column(name) for name in ("id", "poll_id", "rule", "level", "fingerprint", "ground")),
    sa.column("callable_until", sa.Date()),
)
CHANGED = ("kind", "field", "before", "after", "detail", "fingerprint", "gone_since")
CHANGE = sa.table(
    "change",
    *(sa.column(name) for name in ("id", "finding_id", "version_id", *CHANGED)),
)


def upgrade() -> None:
    """Upgrade the tables. To go back, restore a backup."""
    with op.batch_alter_table("payload") as payload:
        payload.alter_column("body", existing_type=sa.LargeBinary(), nullable=True)
    for table, name in (("model_version", "digest"), ("snapshot", "chain")):
        column = sa.Column(name, sa.String(), nullable=False, server_default="")
        op.add_column(table, column)
    connection = op.get_bind()
    _digest_versions(connection)
    chain_all(connection)


def chain_all(connection: sa.Connection) -> None:
    """Compute every link again from the rows of the database."""
    providers = connection.scalars(sa.select(SNAPSHOT.c.provider).distinct()).all()
    for provider in providers:
        _chain_snapshots(connection, provider)


def _digest_versions(connection: sa.Connection) -> None:
    for row in connection.execute(sa.select(VERSION)).all():
        facts = [getattr(row, name) for name in FACTS]
        of_row = sa.update(VERSION).where(VERSION.c.id == row.id)
        connection.execute(of_row.values(digest=_sha256(facts)))


def _chain_snapshots(connection: sa.Connection, provider: str) -> None:
    query = (
        sa.select(SNAPSHOT, POLL.c.id.label("poll_id"), POLL.c.payload_sha256)
        .join(POLL, POLL.c.snapshot_id == SNAPSHOT.c.id)
        .where(POLL.c.provider == provider, POLL.c.outcome.in_(["first", "changed"]))
        .order_by(POLL.c.id)
    )
    chain, since = "", 0
    for row in connection.execute(query).all():
        first_seen = (
            sa.select(VERSION.c.digest)
            .where(VERSION.c.first_snapshot == row.id)
            .order_by(VERSION.c.id)
        )
        head = [chain, row.provider, row.taken_at, row.digest, row.model_count]
        head.append(row.payload_sha256)
        found = _found(connection, provider, since, row.poll_id)
        chain, since = _sha256([*head, list(connection.scalars(first_seen)), found]), row.poll_id
        connection.execute(sa.update(SNAPSHOT).where(SNAPSHOT.c.id == row.id).values(chain=chain))


def _found(connection: sa.Connection, provider: str, since: int, poll: int) -> list[Any]:
    judgment = [FINDING.c.rule, FINDING.c.level, FINDING.c.fingerprint, FINDING.c.ground]
    of_model = CHANGE.c.version_id.is_not(None)
    own = of_model & (POLL.c.id == poll)
    else_since = ~of_model & (POLL.c.id < poll)
    query = (
        sa.select(
            *(POLL.c.started_at, POLL.c.outcome, *judgment, FINDING.c.callable_until),
            *(CHANGE.c[name] for name in CHANGED),
        )
        .join(FINDING, FINDING.c.poll_id == POLL.c.id)
        .join(CHANGE, CHANGE.c.finding_id == FINDING.c.id)
        .where(POLL.c.provider == provider, POLL.c.id >= since, POLL.c.id <= poll)
        .where(own | else_since)
        .order_by(FINDING.c.id, CHANGE.c.id)
    )
    return [
        [*row[:6], row.callable_until and row.callable_until.isoformat(), *row[7:]]
        for row in connection.execute(query)
    ]


def _sha256(parts: list[Any]) -> str:
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
