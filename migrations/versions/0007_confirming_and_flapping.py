"""Which models a poll missed for the first time, and how often a place had moved when told."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward; there is no way back but a backup."""
    op.create_table(
        "missing_model",
        sa.Column("poll_id", sa.Integer(), sa.ForeignKey("poll.id"), primary_key=True),
        sa.Column("key", sa.String(), primary_key=True),
    )
    op.add_column("finding", sa.Column("moves", sa.Integer(), nullable=True))
