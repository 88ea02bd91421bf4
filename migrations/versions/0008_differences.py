"""Allow bodies that are stored as differences, and drop an index.

Existing bodies stay whole.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Upgrade the tables. To go back, restore a backup."""
    op.add_column("payload", sa.Column("base_sha256", sa.String(), nullable=True))
    op.drop_index("ix_change_fingerprint", "change")  # because no query uses it
