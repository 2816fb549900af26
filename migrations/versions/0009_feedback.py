"""What readers think of sentences of a summary."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE feedback (
            id BIGINT GENERATED ALWAYS AS IDENTITY,
            video_id TEXT NOT NULL,
            digest TEXT NOT NULL,
            place VARCHAR(20) NOT NULL,
            opinion VARCHAR(20) NOT NULL,
            text TEXT NOT NULL,
            kind TEXT NOT NULL,
            instead TEXT NOT NULL,
            question TEXT NOT NULL,
            shown JSONB NOT NULL,
            cited JSONB NOT NULL,
            model TEXT NOT NULL,
            prompt_version TEXT NOT NULL,
            language TEXT NOT NULL,
            given_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT clock_timestamp(),
            CONSTRAINT pk_feedback PRIMARY KEY (id),
            CONSTRAINT fk_feedback_video_id_videos FOREIGN KEY (video_id) REFERENCES videos (id) ON DELETE CASCADE,
            CONSTRAINT uq_feedback_video_id_digest UNIQUE (video_id, digest),
            CONSTRAINT ck_feedback_place CHECK (place IN ('gist', 'overview', 'point', 'answer')),
            CONSTRAINT ck_feedback_opinion CHECK (opinion IN ('up', 'down', 'edit', 'quote'))
        )""")


def downgrade() -> None:
    op.execute("DROP TABLE feedback")
