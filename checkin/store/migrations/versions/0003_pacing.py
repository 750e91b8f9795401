"""The sender's pace."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "pacing",
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("free_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("sender", name=op.f("pk_pacing")),
        comment="When a sender is free for routine texts again, in microseconds since 1970.",
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("pacing")
