"""What search finds and how: watched videos, answers of conversations, and a second column of vectors for an index that is built beside the one that is searched."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE videos ADD COLUMN watched_at TIMESTAMP WITH TIME ZONE")
    op.execute("ALTER TABLE turns ADD COLUMN words TSVECTOR NOT NULL DEFAULT ''")
    # Words as they stand. What is asked from now on is found by its stems too; see store/answered.py.
    op.execute("UPDATE turns SET words = to_tsvector('simple', question || ' ' || (answer ->> 'text')) WHERE (answer ->> 'found')::boolean")
    op.execute("CREATE INDEX ix_turns_words ON turns USING gin (words)")
    # A denser graph, see tables.py. A million moments take a quarter of an hour.
    op.execute("ALTER INDEX ix_chunks_vector SET (m = 24, ef_construction = 128)")
    op.execute("SET LOCAL statement_timeout = 0")
    op.execute("REINDEX INDEX ix_chunks_vector")
    op.execute("ALTER TABLE chunks ALTER COLUMN vector DROP NOT NULL")
    op.execute("ALTER TABLE chunks ADD COLUMN other_vector HALFVEC")
    op.execute("""
        CREATE TABLE search_indexes (
            slot VARCHAR(20) NOT NULL,
            model TEXT NOT NULL,
            dimensions SMALLINT NOT NULL,
            serving BOOLEAN NOT NULL,
            begun_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT clock_timestamp(),
            served_at TIMESTAMP WITH TIME ZONE,
            CONSTRAINT pk_search_indexes PRIMARY KEY (slot),
            CONSTRAINT uq_search_indexes_model UNIQUE (model),
            CONSTRAINT ck_search_indexes_slot CHECK (slot IN ('vector', 'other_vector'))
        )""")
    op.execute("CREATE UNIQUE INDEX uq_search_indexes_serving ON search_indexes (serving) WHERE serving")


def downgrade() -> None:
    """Only while the built-in embedding model serves: the older version knows no other."""
    op.execute("""
        DO $$ BEGIN
            IF EXISTS (SELECT 1 FROM search_indexes WHERE serving AND model <> 'multilingual-e5-small') THEN
                RAISE EXCEPTION 'an older version knows the built-in embedding model only: nutshell reindex multilingual-e5-small goes back to it';
            ELSIF EXISTS (SELECT 1 FROM search_indexes WHERE serving AND slot = 'other_vector') THEN
                ALTER TABLE chunks DROP COLUMN vector;
                ALTER TABLE chunks RENAME COLUMN other_vector TO vector;
                ALTER INDEX ix_chunks_other_vector RENAME TO ix_chunks_vector;
            ELSE
                ALTER TABLE chunks DROP COLUMN other_vector;
            END IF;
        END $$""")
    op.execute("ALTER INDEX ix_chunks_vector SET (m = 16, ef_construction = 64)")  # the denser graph serves the older version too
    op.execute("ALTER TABLE chunks ALTER COLUMN vector SET NOT NULL")
    op.execute("DROP TABLE search_indexes")
    op.execute("DROP INDEX ix_turns_words")
    op.execute("ALTER TABLE turns DROP COLUMN words")
    op.execute("ALTER TABLE videos DROP COLUMN watched_at")
