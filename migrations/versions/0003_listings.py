"""Playlists, channels, feeds and imports, with their items; a job may read a listing instead of a video; long transfers have a queue of their own."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE listings (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    source_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    url TEXT NOT NULL,
    title TEXT DEFAULT '' NOT NULL,
    channel TEXT,
    feed_url TEXT,
    options JSONB DEFAULT '{}' NOT NULL,
    complete BOOLEAN DEFAULT false NOT NULL,
    listed_at TIMESTAMP WITH TIME ZONE,
    added_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_listings PRIMARY KEY (id),
    CONSTRAINT uq_listings_source_id UNIQUE (source_id)
);
CREATE INDEX ix_listings_added_at ON listings (added_at);

ALTER TABLE jobs ALTER COLUMN video_id DROP NOT NULL;
ALTER TABLE jobs ADD COLUMN listing_id BIGINT;
ALTER TABLE jobs ADD CONSTRAINT fk_jobs_listing_id_listings FOREIGN KEY(listing_id) REFERENCES listings (id) ON DELETE CASCADE;
ALTER TABLE jobs ADD CONSTRAINT ck_jobs_subject CHECK (num_nonnulls(video_id, listing_id) = 1);
CREATE UNIQUE INDEX uq_jobs_unfinished_listing ON jobs (listing_id) WHERE state IN ('waiting', 'running');
CREATE INDEX ix_jobs_listing_id_id ON jobs (listing_id, id);

CREATE TABLE listing_items (
    listing_id BIGINT NOT NULL,
    source_id TEXT NOT NULL,
    position INTEGER NOT NULL,
    kind TEXT NOT NULL,
    url TEXT NOT NULL,
    video_id TEXT NOT NULL,
    title TEXT NOT NULL,
    duration DOUBLE PRECISION,
    published_at TEXT,
    problem TEXT DEFAULT '' NOT NULL,
    stage VARCHAR(20) DEFAULT 'seen' NOT NULL,
    job_id BIGINT,
    found_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    seen_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_listing_items PRIMARY KEY (listing_id, source_id),
    CONSTRAINT fk_listing_items_listing_id_listings FOREIGN KEY(listing_id) REFERENCES listings (id) ON DELETE CASCADE,
    CONSTRAINT fk_listing_items_job_id_jobs FOREIGN KEY(job_id) REFERENCES jobs (id) ON DELETE SET NULL,
    CONSTRAINT ck_listing_items_stage CHECK (stage IN ('seen', 'chosen', 'sent', 'dropped'))
);
CREATE INDEX ix_listing_items_position ON listing_items (listing_id, position);
CREATE INDEX ix_listing_items_chosen ON listing_items (listing_id, position) WHERE stage = 'chosen';
CREATE INDEX ix_listing_items_job_id ON listing_items (job_id);
CREATE INDEX ix_listing_items_video_id ON listing_items (video_id);
"""

QUEUES = """
ALTER TABLE stages DROP CONSTRAINT ck_stages_queue;
ALTER TABLE workers DROP CONSTRAINT ck_workers_queue;
DELETE FROM workers WHERE queue = 'bulk';
UPDATE stages SET queue = '{queue}' WHERE name = 'download';
ALTER TABLE stages ADD CONSTRAINT ck_stages_queue CHECK (queue IN ({allowed}));
ALTER TABLE workers ADD CONSTRAINT ck_workers_queue CHECK (queue IN ({allowed}));
"""

DROP = """
DROP TABLE listing_items;
DELETE FROM jobs WHERE video_id IS NULL;
DROP INDEX ix_jobs_listing_id_id;
DROP INDEX uq_jobs_unfinished_listing;
ALTER TABLE jobs DROP CONSTRAINT ck_jobs_subject;
ALTER TABLE jobs DROP COLUMN listing_id;
ALTER TABLE jobs ALTER COLUMN video_id SET NOT NULL;
DROP TABLE listings;
"""


def upgrade() -> None:
    op.execute(TABLES)
    op.execute(QUEUES.format(queue="bulk", allowed="'fetch', 'bulk', 'speech', 'gist', 'text'"))


def downgrade() -> None:
    op.execute(DROP)
    op.execute(QUEUES.format(queue="fetch", allowed="'fetch', 'speech', 'gist', 'text'"))
