"""When a message is tried next, and what is owed, found without reading all that was delivered."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward; there is no way back but a backup."""
    op.add_column("delivery", sa.Column("next_at", sa.Text(), nullable=True))
