"""Add the time of the next attempt to deliveries.

With it, pending messages are found without reading all deliveries.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Upgrade the tables. To go back, restore a backup."""
    op.add_column("delivery", sa.Column("next_at", sa.Text(), nullable=True))
