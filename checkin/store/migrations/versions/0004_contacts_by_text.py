"""What trusted contacts were asked and wish, counted invitations, and the version of consented words."""

import sqlalchemy as sa
from alembic import op

from checkin.store.tables import Instant

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("contacts", sa.Column("asked", sa.LargeBinary(), nullable=True))
    op.add_column("contacts", sa.Column("wishes", sa.LargeBinary(), nullable=True))
    op.add_column(
        "contacts", sa.Column("for_support", sa.Boolean(), nullable=False, server_default=sa.true())
    )
    op.add_column(
        "contacts", sa.Column("for_missed", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("contacts", sa.Column("paused_until", Instant(), nullable=True))
    if op.get_bind().dialect.name == "postgresql":
        about = "Trusted contacts; checkin.people.consent has their states, `asked` what they were asked."
        op.create_table_comment("contacts", about)
    op.add_column("consents", sa.Column("version", sa.Text(), nullable=False, server_default=""))
    op.create_table(
        "invitations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("member_id", sa.Text(), nullable=False),
        sa.Column("number_index", sa.LargeBinary(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        comment="Every invitation that was sent, so that they can be counted.",
    )
    op.create_index("ix_invitations_member_id_at", "invitations", ["member_id", "at"])
    op.create_index("ix_invitations_number_index_at", "invitations", ["number_index", "at"])
    op.create_index("ix_invitations_country_at", "invitations", ["country", "at"])


def downgrade() -> None:
    """Undo."""
    op.drop_table("invitations")
    op.drop_column("consents", "version")
    for column in ("paused_until", "for_missed", "for_support", "wishes", "asked"):
        op.drop_column("contacts", column)
