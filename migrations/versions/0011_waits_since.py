"""Add the start of a wait to deliveries.

Existing waits have no start.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Upgrade the tables. To go back, restore a backup."""
    op.add_column("delivery", sa.Column("waits_since", sa.Text(), nullable=True))
