"""When a media file was last used, and room that is reserved for those to come."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "media_files", sa.Column("used_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False)
    )
    op.create_index("ix_media_files_used_at", "media_files", ["used_at"])
    op.create_table(
        "media_reservations",
        sa.Column("stage_id", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["stage_id"], ["stages.id"], name="fk_media_reservations_stage_id_stages", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("stage_id", name="pk_media_reservations"),
    )


def downgrade() -> None:
    op.drop_table("media_reservations")
    op.drop_index("ix_media_files_used_at", "media_files")
    op.drop_column("media_files", "used_at")
