"""Add unconfirmed removals, and the number of moves of a flapping value.

A flapping value moves back and forth. The number counts its moves before the report.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Upgrade the tables. To go back, restore a backup."""
    op.create_table(
        "missing_model",
        sa.Column("poll_id", sa.Integer(), sa.ForeignKey("poll.id"), primary_key=True),
        sa.Column("key", sa.String(), primary_key=True),
    )
    op.add_column("finding", sa.Column("moves", sa.Integer(), nullable=True))
