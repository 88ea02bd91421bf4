"""Store several unchanged polls in one row.

Existing rows do not change. Revision 0014 makes them single rows again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Upgrade the tables. To go back, restore a backup."""
    op.add_column("poll", sa.Column("earlier", sa.String(), nullable=True))
