"""What readers keep: tags, folders, highlights and notes."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE video_tags (
            video_id TEXT NOT NULL,
            key TEXT NOT NULL,
            name TEXT NOT NULL,
            words TSVECTOR NOT NULL,
            added_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT clock_timestamp(),
            CONSTRAINT pk_video_tags PRIMARY KEY (video_id, key),
            CONSTRAINT fk_video_tags_video_id_videos FOREIGN KEY (video_id) REFERENCES videos (id) ON DELETE CASCADE
        )""")
    op.execute("CREATE INDEX ix_video_tags_key ON video_tags (key)")
    op.execute("""
        CREATE TABLE folders (
            id BIGINT GENERATED ALWAYS AS IDENTITY,
            name TEXT NOT NULL,
            key TEXT NOT NULL,
            created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT clock_timestamp(),
            CONSTRAINT pk_folders PRIMARY KEY (id),
            CONSTRAINT uq_folders_key UNIQUE (key)
        )""")
    op.execute("""
        CREATE TABLE folder_videos (
            folder_id BIGINT NOT NULL,
            video_id TEXT NOT NULL,
            added_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT clock_timestamp(),
            CONSTRAINT pk_folder_videos PRIMARY KEY (folder_id, video_id),
            CONSTRAINT fk_folder_videos_folder_id_folders FOREIGN KEY (folder_id) REFERENCES folders (id) ON DELETE CASCADE,
            CONSTRAINT fk_folder_videos_video_id_videos FOREIGN KEY (video_id) REFERENCES videos (id) ON DELETE CASCADE
        )""")
    op.execute("CREATE INDEX ix_folder_videos_video_id ON folder_videos (video_id)")
    op.execute("""
        CREATE TABLE notes (
            id BIGINT GENERATED ALWAYS AS IDENTITY,
            video_id TEXT NOT NULL,
            kind VARCHAR(20) NOT NULL,
            start DOUBLE PRECISION,
            "end" DOUBLE PRECISION,
            quote TEXT NOT NULL,
            text TEXT NOT NULL,
            language TEXT NOT NULL,
            words TSVECTOR NOT NULL,
            created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT clock_timestamp(),
            changed_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT clock_timestamp(),
            CONSTRAINT pk_notes PRIMARY KEY (id),
            CONSTRAINT fk_notes_video_id_videos FOREIGN KEY (video_id) REFERENCES videos (id) ON DELETE CASCADE,
            CONSTRAINT ck_notes_kind CHECK (kind IN ('video', 'moment', 'point', 'highlight')),
            CONSTRAINT ck_notes_times CHECK ((kind = 'video') = (start IS NULL) AND (start IS NULL) = ("end" IS NULL))
        )""")
    op.execute("CREATE INDEX ix_notes_video_id ON notes (video_id)")
    op.execute("CREATE INDEX ix_notes_words ON notes USING gin (words)")


def downgrade() -> None:
    for table in ("notes", "folder_videos", "folders", "video_tags"):
        op.execute(f"DROP TABLE {table}")
