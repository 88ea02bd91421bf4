"""Bodies may be stored as differences, those that are there stay whole; an index less."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward; there is no way back but a backup."""
    op.add_column("payload", sa.Column("base_sha256", sa.String(), nullable=True))
    op.drop_index("ix_change_fingerprint", "change")  # nothing asks for a change by it
