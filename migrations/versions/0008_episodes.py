"""Where the transcript and the chapters of a podcast's episode are."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE listing_items ADD COLUMN captions_url TEXT, ADD COLUMN chapters_url TEXT")


def downgrade() -> None:
    op.execute("ALTER TABLE listing_items DROP COLUMN captions_url, DROP COLUMN chapters_url")
