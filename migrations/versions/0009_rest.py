"""Add the state that lets the next poll take the fast path.

The fast path is the short route of a poll that finds the same list.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Upgrade the tables. To go back, restore a backup."""
    op.create_table(
        "rest",
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
        sa.Column("asking", sa.String(), nullable=True),
    )
    where = sa.text("kind = 'drift'")
    op.create_index("change_drift", "change", ["id"], sqlite_where=where, postgresql_where=where)
