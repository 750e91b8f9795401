"""What staff did about their tasks: who has one, until when, and what they wrote."""

import sqlalchemy as sa
from alembic import op

from checkin.store.tables import Instant

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply. Tasks that stand on the list get their numbers in the order in which they came."""
    op.add_column("tasks", sa.Column("number", sa.Integer(), nullable=True))
    op.add_column("tasks", sa.Column("due_at", Instant(), nullable=True))
    op.add_column("tasks", sa.Column("claimed_by", sa.Text(), nullable=True))
    op.execute(
        "UPDATE tasks SET number = (SELECT count(*) FROM tasks AS earlier WHERE earlier.created_at < "
        "tasks.created_at OR (earlier.created_at = tasks.created_at AND earlier.id <= tasks.id))"
    )
    op.create_index("ix_tasks_number", "tasks", ["number"], unique=True)
    op.create_table(
        "staff_notes",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=True),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_notes")),
        comment="What staff did about tasks and requests. Rows are never changed.",
    )
    op.create_index("ix_staff_notes_subject", "staff_notes", ["subject"])
    if op.get_bind().dialect.name == "postgresql":
        op.create_table_comment("tasks", "The staff's list; checkin.store.tasks has its states.")


def downgrade() -> None:
    """Undo."""
    op.drop_table("staff_notes")
    op.drop_index("ix_tasks_number", table_name="tasks")
    for column in ("claimed_by", "due_at", "number"):
        op.drop_column("tasks", column)
