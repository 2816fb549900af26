"""What search needs beside the chunks: a vocabulary that forgives typing errors, names for suggestions, and indexes for titles, chapters, points and channels."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE vocabulary (
            word TEXT COLLATE "C" NOT NULL,
            grams TEXT[] NOT NULL,
            CONSTRAINT pk_vocabulary PRIMARY KEY (word)
        )""")
    op.execute("CREATE INDEX ix_vocabulary_grams ON vocabulary USING gin (grams)")
    op.execute("""
        CREATE TABLE names (
            video_id TEXT NOT NULL,
            name TEXT NOT NULL,
            folded TEXT COLLATE "C" NOT NULL,
            said INTEGER NOT NULL,
            CONSTRAINT pk_names PRIMARY KEY (video_id, name),
            CONSTRAINT fk_names_video_id_videos FOREIGN KEY (video_id) REFERENCES videos (id) ON DELETE CASCADE
        )""")
    op.execute("CREATE INDEX ix_names_folded ON names (folded)")
    op.execute("CREATE INDEX ix_sentences_speaker ON sentences (speaker, transcript_id, index) WHERE speaker IS NOT NULL")
    op.execute("CREATE INDEX ix_videos_channel ON videos (channel)")
    op.execute("CREATE INDEX ix_videos_title_words ON videos USING gin (to_tsvector('simple', title))")
    op.execute("CREATE INDEX ix_chapters_title_words ON chapters USING gin (to_tsvector('simple', title))")
    op.execute("CREATE INDEX ix_points_text_words ON points USING gin (to_tsvector('simple', text))")
    op.execute("""
        INSERT INTO vocabulary (word, grams)
        SELECT word, ARRAY(SELECT DISTINCT substr('  ' || word || ' ', i, 3) FROM generate_series(1, length(word) + 1) AS i)
        FROM (SELECT DISTINCT unnest(tsvector_to_array(to_tsvector('simple', text))) AS word FROM chunks) AS said
        WHERE word ~ '^[[:alpha:]]{4,30}$'""")
    op.execute(r"""
        INSERT INTO names (video_id, name, folded, said)
        SELECT video_id, name, lower(name), count(*)
        FROM (
            SELECT video_id, (regexp_matches(text, '(?<=[[:lower:],;] )[[:upper:]][[:alnum:]’''-]+(?: [[:upper:]][[:alnum:]’''-]+){0,3}', 'g'))[1] AS name
            FROM chunks
        ) AS found
        WHERE length(name) BETWEEN 3 AND 60 GROUP BY video_id, name""")
    # How common each of the 4,000 most common words is, is what their weight is told from; 100, the default, knows 1,000.
    op.execute("ALTER TABLE chunks ALTER COLUMN words SET STATISTICS 400")


def downgrade() -> None:
    op.execute("ALTER TABLE chunks ALTER COLUMN words SET STATISTICS -1")
    for index in ("ix_points_text_words", "ix_chapters_title_words", "ix_videos_title_words", "ix_videos_channel", "ix_sentences_speaker"):
        op.execute(f"DROP INDEX {index}")
    op.execute("DROP TABLE names")
    op.execute("DROP TABLE vocabulary")
