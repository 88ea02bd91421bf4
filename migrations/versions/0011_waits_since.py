"""A wait is kept with the moment from which it counts; those that are there have none."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward; there is no way back but a backup."""
    op.add_column("delivery", sa.Column("waits_since", sa.Text(), nullable=True))
