"""Store each unchanged poll in its own row, and rename a table.

The table `rest` of the fast path becomes `fast_path`.

A word such as `900:81` in `earlier` is a poll that began 900 s before the next one and took 81 ms.
A third number is the difference between the ids of the two polls, by default 1.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

MOST = 1 << 31
"""The limit of a poll's milliseconds, because a PostgreSQL column cannot hold more."""
SAME = ("provider", "outcome", "http_status", "snapshot_id")
OWN = ("id", "started_at", "duration_ms")
POLL = sa.table("poll", *(sa.column(name) for name in (*OWN, *SAME, "earlier")))


def upgrade() -> None:
    """Upgrade the tables. To go back, restore a backup."""
    connection = op.get_bind()
    shared = sa.select(POLL).where(POLL.c.earlier.is_not(None))
    taken = set(connection.scalars(sa.select(POLL.c.id)))
    for row in connection.execute(shared).mappings().all():
        if rows := [*_unfolded(row, taken)]:
            connection.execute(sa.insert(POLL), rows)
    op.drop_column("poll", "earlier")
    op.drop_table("rest")
    op.create_table(
        "fast_path",
        sa.Column("provider", sa.String(), primary_key=True),
        sa.Column("run", sa.String(), nullable=True),
        sa.Column("settings", sa.String(), nullable=True),
        sa.Column("until", sa.Text(), nullable=True),
        sa.Column("snapshot_id", sa.Integer(), sa.ForeignKey("snapshot.id"), nullable=True),
        sa.Column("payload_sha256", sa.String(), nullable=True),
        sa.Column("etag", sa.String(), nullable=True),
        sa.Column("last_modified", sa.String(), nullable=True),
        sa.Column("document", sa.String(), nullable=True),
        sa.Column("document_sha256", sa.String(), nullable=True),
        sa.Column("request", sa.String(), nullable=True),
    )


def _unfolded(row: Any, taken: set[int]) -> Iterator[dict[str, Any]]:
    """Yield the polls in the row of a newer one, latest first.

    A word that was edited by hand ends them, because each word counts from the one before. Then
    polls are missing in the tally, so `catalog db verify` reports it.
    """
    number, began = row["id"], row["started_at"]
    for word in str(row["earlier"]).split():
        whole = word if word.count(":") > 1 else f"{word}:1"
        try:
            seconds, duration, below = map(int, whole.split(":"))
            if not (seconds >= 0 and 0 <= duration < MOST and 0 < below < number):
                return
            moment = datetime.fromisoformat(began).astimezone(UTC) - timedelta(seconds=seconds)
        except (ValueError, OverflowError, TypeError):
            return
        number, began = number - below, f"{moment:%Y-%m-%dT%H:%M:%SZ}"
        if number in taken:
            return
        taken.add(number)
        same = {name: row[name] for name in SAME}
        yield {"id": number, "started_at": began, "duration_ms": duration, **same}
