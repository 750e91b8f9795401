"""What was said in each turn of a call."""

import sqlalchemy as sa
from alembic import op

from checkin.store.tables import Instant

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "call_turns",
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("misses", sa.Integer(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("call_id", "turn", name=op.f("pk_call_turns")),
        sqlite_with_rowid=False,
        comment="What was said in each turn of a call, so that a repeated request hears the same again.",
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("call_turns")
