"""The number of each word in its call: which one the carrier said first."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("callbacks") as callbacks:
        callbacks.add_column(sa.Column("sequence", sa.Integer()))


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("callbacks") as callbacks:
        callbacks.drop_column("sequence")
