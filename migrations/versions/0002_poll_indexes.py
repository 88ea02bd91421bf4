"""Add two small indexes on polls.

With them, a poll finds the last payload and cache headers without reading all polls.
"""

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
    """Upgrade the tables. To go back, restore a backup."""
    for name, condition in CONDITIONS.items():
        op.create_index(
            name,
            "poll",
            ["provider", "id"],
            unique=False,
            sqlite_where=sa.text(condition),
            postgresql_where=sa.text(condition),
        )
