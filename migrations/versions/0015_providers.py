"""Store providers in a table, beside those of the configuration."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Upgrade the tables. To go back, restore a backup."""
    op.create_table(
        "provider",
        sa.Column("name", sa.String(), primary_key=True),
        sa.Column("settings", sa.String(), nullable=False),
        sa.Column("added_at", sa.Text(), nullable=False),
    )
