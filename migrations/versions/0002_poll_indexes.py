"""Two small indexes, so that a poll finds what it goes on from without reading all polls."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

CONDITIONS = {
    "poll_by_payload": "payload_sha256 IS NOT NULL",
    "poll_by_validators": "etag IS NOT NULL OR last_modified IS NOT NULL",
}


def upgrade() -> None:
    """Go forward; there is no way back but a backup."""
    for name, condition in CONDITIONS.items():
        op.create_index(
            name,
            "poll",
            ["provider", "id"],
            unique=False,
            sqlite_where=sa.text(condition),
            postgresql_where=sa.text(condition),
        )
