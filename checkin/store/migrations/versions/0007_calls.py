"""How a person wants to be reached, and an index for the calls that are not over."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("people") as people:
        people.add_column(sa.Column("channel", sa.Text()))
    where = sa.text("channel = 'voice'")
    op.create_index(
        "ix_outbox_calls", "outbox", ["state", "sent_at"], sqlite_where=where, postgresql_where=where
    )


def downgrade() -> None:
    """Undo."""
    op.drop_index("ix_outbox_calls", "outbox")
    with op.batch_alter_table("people") as people:
        people.drop_column("channel")
