"""Add a tally of rows, and cover notes by the hash chain.

The tally counts the rows of each table and sums their digests, so that an edit is detected. New
links of the chain include the notes. The formula is a copy of the one in
catalog/store/tally.py at the time of this revision.
"""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

SPAN = 100
MODULUS = 1 << 128
COVERED = {
    "poll": (
        *("id", "provider", "started_at", "duration_ms", "outcome", "http_status", "snapshot_id"),
        *("url", "etag", "last_modified", "payload_sha256", "candidate", "error", "earlier"),
    ),
    "missing_model": ("poll_id", "key"),
    "finding": (
        *("id", "poll_id", "provider", "rule", "level", "fingerprint", "callable_until"),
        *("ground", "basis", "moves"),
    ),
    "change": (
        *("id", "finding_id", "kind", "version_id", "field", "before", "after", "gone_since"),
        *("detail", "fingerprint"),
    ),
    "delivery": (
        *("id", "finding_id", "channel", "message_id", "state", "attempts", "next_at"),
        *("paused_until", "delivered_at", "error"),
    ),
    "probe": (
        *("id", "provider", "key", "name", "route", "at", "verdict", "believed", "http_status"),
        *("latency_ms", "calls", "tokens", "answered_as", "said", "accepted"),
    ),
    "note": ("id", "provider", "key", "noted_at", "retires", "successor", "source"),
}
TALLY = sa.table("tally", *(sa.column(name) for name in ("name", "span", "row_count", "digest")))


def upgrade() -> None:
    """Upgrade the tables. To go back, restore a backup."""
    op.create_table(
        "tally",
        sa.Column("name", sa.String(), primary_key=True),
        sa.Column("span", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
    )
    op.add_column("snapshot", sa.Column("notes", sa.Integer(), nullable=True))
    connection = op.get_bind()
    for name, columns in COVERED.items():
        rows = connection.execute(sa.text(f'SELECT {", ".join(columns)} FROM "{name}"'))  # noqa: S608  # our own names
        found: dict[int, tuple[int, int]] = {}
        for row in rows:
            for each in _unfolded(row) if name == "poll" else [row]:
                span = each[0] // SPAN * SPAN
                count, total = found.get(span, (0, 0))
                found[span] = count + 1, (total + _digest(name, each)) % MODULUS
        for span, (count, total) in found.items():
            values = {"name": name, "span": span, "row_count": count, "digest": f"{total:032x}"}
            connection.execute(sa.insert(TALLY).values(values))


def _unfolded(row: Any) -> Iterator[list[Any]]:
    *poll, earlier = row
    yield poll
    number, began = poll[0], poll[2]
    for word in (earlier or "").split():
        whole = word if word.count(":") > 1 else f"{word}:1"
        try:
            seconds, duration, below = map(int, whole.split(":"))
            moment = datetime.fromisoformat(began).astimezone(UTC) - timedelta(seconds=seconds)
        except (ValueError, OverflowError):
            return  # because of an edit by hand, which `catalog db verify` reports
        number, began = number - below, f"{moment:%Y-%m-%dT%H:%M:%SZ}"
        yield [number, poll[1], began, duration, *poll[4:7], *[None] * 6]


def _digest(name: str, row: Any) -> int:
    text = json.dumps([name, *map(_plain, row)], separators=(",", ":"))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:16])


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, date):
        return value.isoformat()
    return [value.hex()] if isinstance(value, bytes) else value
