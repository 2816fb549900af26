"""Conversations have a title, a scope and the time of their last question; videos have questions to begin with."""

from alembic import op

revision = "0012"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE conversations ADD COLUMN title TEXT NOT NULL DEFAULT ''")
    op.execute("ALTER TABLE conversations ADD COLUMN scope JSONB NOT NULL DEFAULT '{}'")
    op.execute("ALTER TABLE conversations ADD COLUMN changed_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT clock_timestamp()")
    op.execute("""
        UPDATE conversations SET
            title = COALESCE((SELECT left(question, 80) FROM turns WHERE conversation_id = id ORDER BY index LIMIT 1), ''),
            changed_at = COALESCE((SELECT max(turns.created_at) FROM turns WHERE conversation_id = id), created_at)
    """)
    op.execute("ALTER TABLE videos ADD COLUMN questions JSONB NOT NULL DEFAULT '[]'")
    op.execute("CREATE INDEX ix_conversations_changed_at ON conversations (changed_at)")


def downgrade() -> None:
    op.execute("DROP INDEX ix_conversations_changed_at")
    op.execute("ALTER TABLE videos DROP COLUMN questions")
    for column in ("changed_at", "scope", "title"):
        op.execute(f"ALTER TABLE conversations DROP COLUMN {column}")
