"""What a member chose about how often and when they are asked."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("people", sa.Column("rhythm", sa.Text(), nullable=True))


def downgrade() -> None:
    """Undo."""
    op.drop_column("people", "rhythm")
