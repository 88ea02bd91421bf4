"""Unchanged polls in a row become one row; those that are there stay as they are."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward; there is no way back but a backup."""
    op.add_column("poll", sa.Column("earlier", sa.String(), nullable=True))
