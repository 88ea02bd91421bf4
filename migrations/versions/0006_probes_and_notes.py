"""Add the results of model calls, and the notes of users."""

import sqlalchemy as sa
from alembic import op
from alembic.script import ScriptDirectory

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Upgrade the tables. To go back, restore a backup."""
    op.create_table(
        "probe",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("route", sa.String(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("believed", sa.Boolean(), nullable=False),
        sa.Column("http_status", sa.Integer(), nullable=True),
        sa.Column("latency_ms", sa.Integer(), nullable=True),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("tokens", sa.Integer(), nullable=False),
        sa.Column("answered_as", sa.String(), nullable=True),
        sa.Column("said", sa.String(), nullable=True),
        sa.Column("accepted", sa.String(), nullable=True),
    )
    op.create_index("probe_by_name", "probe", ["provider", "name", "route", "id"])
    op.create_index("probe_by_time", "probe", ["provider", "at"])
    by_key = ["provider", "key", "believed", "name", "route", "id"]
    op.create_index("probe_by_key", "probe", by_key)
    op.create_table(
        "note",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("noted_at", sa.Text(), nullable=False),
        sa.Column("retires", sa.Date(), nullable=True),
        sa.Column("successor", sa.String(), nullable=True),
        sa.Column("source", sa.String(), nullable=True),
    )
    op.create_index("note_by_key", "note", ["provider", "key", "id"])
    op.add_column("finding", sa.Column("basis", sa.String(), nullable=True))
    # Before this revision, every date came from the provider's policy.
    op.execute("UPDATE finding SET basis = 'policy' WHERE callable_until IS NOT NULL")
    retiring = sa.text("kind = 'retiring'")
    op.create_index(
        "change_retiring", "change", ["id"], sqlite_where=retiring, postgresql_where=retiring
    )
    op.add_column("delivery", sa.Column("paused_until", sa.Text(), nullable=True))
    # Links now contain the digest of the answer too, so the existing ones are computed again.
    config = op.get_context().config
    scripts = ScriptDirectory.from_config(config) if config else None
    revision_0004 = scripts.get_revision("0004") if scripts else None
    if revision_0004 is not None:
        revision_0004.module.chain_all(op.get_bind())
