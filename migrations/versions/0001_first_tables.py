"""The first tables. What each column means stands in pipeline/store/tables.py; a test compares the two."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = """
CREATE EXTENSION IF NOT EXISTS vector;

CREATE TABLE videos (
    id TEXT NOT NULL,
    source_id TEXT NOT NULL,
    source_url TEXT NOT NULL,
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    duration DOUBLE PRECISION DEFAULT 0 NOT NULL,
    channel TEXT,
    language TEXT,
    published_at TEXT,
    description TEXT DEFAULT '' NOT NULL,
    thumbnail_url TEXT,
    chapters JSONB DEFAULT '[]' NOT NULL,
    added_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_videos PRIMARY KEY (id),
    CONSTRAINT uq_videos_source_id UNIQUE (source_id)
);
CREATE INDEX ix_videos_added_at ON videos (added_at);

CREATE TABLE media_files (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    video_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    content_type TEXT NOT NULL,
    size BIGINT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_media_files PRIMARY KEY (id),
    CONSTRAINT fk_media_files_video_id_videos FOREIGN KEY(video_id) REFERENCES videos (id) ON DELETE CASCADE,
    CONSTRAINT uq_media_files_key UNIQUE (key)
);
CREATE INDEX ix_media_files_video_id ON media_files (video_id);

CREATE TABLE jobs (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    kind TEXT NOT NULL,
    video_id TEXT NOT NULL,
    options JSONB NOT NULL,
    options_hash TEXT NOT NULL,
    state VARCHAR(20) NOT NULL,
    priority SMALLINT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_jobs PRIMARY KEY (id),
    CONSTRAINT fk_jobs_video_id_videos FOREIGN KEY(video_id) REFERENCES videos (id) ON DELETE CASCADE,
    CONSTRAINT ck_jobs_state CHECK (state IN ('waiting', 'running', 'done', 'failed', 'cancelled'))
);
CREATE INDEX ix_jobs_unfinished_priority ON jobs (priority, id) WHERE state IN ('waiting', 'running');
CREATE INDEX ix_jobs_video_id_id ON jobs (video_id, id);
CREATE UNIQUE INDEX uq_jobs_unfinished ON jobs (video_id, kind, options_hash) WHERE state IN ('waiting', 'running');

CREATE TABLE stages (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    job_id BIGINT NOT NULL,
    position SMALLINT NOT NULL,
    name TEXT NOT NULL,
    queue VARCHAR(20) NOT NULL,
    state VARCHAR(20) NOT NULL,
    ready BOOLEAN NOT NULL,
    priority SMALLINT NOT NULL,
    attempt INTEGER DEFAULT 0 NOT NULL,
    crashes INTEGER DEFAULT 0 NOT NULL,
    failures INTEGER DEFAULT 0 NOT NULL,
    not_before TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    lease_until TIMESTAMP WITH TIME ZONE,
    progress_at TIMESTAMP WITH TIME ZONE,
    worker TEXT,
    fraction DOUBLE PRECISION DEFAULT 0 NOT NULL,
    message TEXT DEFAULT '' NOT NULL,
    error_code TEXT,
    error TEXT,
    CONSTRAINT pk_stages PRIMARY KEY (id),
    CONSTRAINT uq_stages_job_id_position UNIQUE (job_id, position),
    CONSTRAINT fk_stages_job_id_jobs FOREIGN KEY(job_id) REFERENCES jobs (id) ON DELETE CASCADE,
    CONSTRAINT ck_stages_queue CHECK (queue IN ('fetch', 'speech', 'text')),
    CONSTRAINT ck_stages_state CHECK (state IN ('waiting', 'running', 'done', 'failed', 'cancelled'))
);
CREATE INDEX ix_stages_due ON stages (queue, priority, job_id) WHERE state = 'waiting' AND ready;
CREATE INDEX ix_stages_leases ON stages (lease_until) WHERE state = 'running';

CREATE TABLE stage_runs (
    stage_id BIGINT NOT NULL,
    attempt INTEGER NOT NULL,
    worker TEXT NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    outcome VARCHAR(20),
    CONSTRAINT pk_stage_runs PRIMARY KEY (stage_id, attempt),
    CONSTRAINT fk_stage_runs_stage_id_stages FOREIGN KEY(stage_id) REFERENCES stages (id) ON DELETE CASCADE,
    CONSTRAINT ck_stage_runs_outcome CHECK (outcome IN ('done', 'failed', 'lost', 'released', 'cancelled'))
);
CREATE UNIQUE INDEX uq_stage_runs_done ON stage_runs (stage_id) WHERE outcome = 'done';

CREATE TABLE workers (
    name TEXT NOT NULL,
    queue VARCHAR(20) NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    seen_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_workers PRIMARY KEY (name),
    CONSTRAINT ck_workers_queue CHECK (queue IN ('fetch', 'speech', 'text'))
);

CREATE TABLE transcripts (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    video_id TEXT NOT NULL,
    origin VARCHAR(20) NOT NULL,
    language TEXT NOT NULL,
    model TEXT,
    hash TEXT,
    segments BYTEA,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_transcripts PRIMARY KEY (id),
    CONSTRAINT uq_transcripts_video_id_origin UNIQUE (video_id, origin),
    CONSTRAINT ck_transcripts_sealed CHECK ((hash IS NULL) = (segments IS NULL)),
    CONSTRAINT fk_transcripts_video_id_videos FOREIGN KEY(video_id) REFERENCES videos (id) ON DELETE CASCADE,
    CONSTRAINT ck_transcripts_origin CHECK (origin IN ('captions_manual', 'captions_auto', 'speech', 'speech_translated', 'file'))
);

CREATE TABLE transcript_parts (
    transcript_id BIGINT NOT NULL,
    until DOUBLE PRECISION NOT NULL,
    segments BYTEA NOT NULL,
    CONSTRAINT pk_transcript_parts PRIMARY KEY (transcript_id, until),
    CONSTRAINT fk_transcript_parts_transcript_id_transcripts FOREIGN KEY(transcript_id) REFERENCES transcripts (id) ON DELETE CASCADE
);

CREATE TABLE sentences (
    transcript_id BIGINT NOT NULL,
    index INTEGER NOT NULL,
    start DOUBLE PRECISION NOT NULL,
    "end" DOUBLE PRECISION NOT NULL,
    text TEXT NOT NULL,
    speaker TEXT,
    CONSTRAINT pk_sentences PRIMARY KEY (transcript_id, index),
    CONSTRAINT fk_sentences_transcript_id_transcripts FOREIGN KEY(transcript_id) REFERENCES transcripts (id) ON DELETE CASCADE
);

CREATE TABLE chunks (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    video_id TEXT NOT NULL,
    transcript_id BIGINT NOT NULL,
    index INTEGER NOT NULL,
    start DOUBLE PRECISION NOT NULL,
    "end" DOUBLE PRECISION NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    text TEXT NOT NULL,
    language TEXT NOT NULL,
    words TSVECTOR NOT NULL,
    vector HALFVEC(384) NOT NULL,
    CONSTRAINT pk_chunks PRIMARY KEY (id),
    CONSTRAINT uq_chunks_transcript_id_index UNIQUE (transcript_id, index),
    CONSTRAINT fk_chunks_video_id_videos FOREIGN KEY(video_id) REFERENCES videos (id) ON DELETE CASCADE,
    CONSTRAINT fk_chunks_transcript_id_transcripts FOREIGN KEY(transcript_id) REFERENCES transcripts (id) ON DELETE CASCADE
);
CREATE INDEX ix_chunks_language ON chunks (language);
CREATE INDEX ix_chunks_vector ON chunks USING hnsw (vector halfvec_ip_ops) WITH (m = 16, ef_construction = 64);
CREATE INDEX ix_chunks_video_id ON chunks (video_id);
CREATE INDEX ix_chunks_words ON chunks USING gin (words);

CREATE TABLE renditions (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    video_id TEXT NOT NULL,
    transcript_hash TEXT NOT NULL,
    model TEXT NOT NULL,
    prompt_version TEXT NOT NULL,
    length VARCHAR(20) NOT NULL,
    language TEXT NOT NULL,
    complete BOOLEAN DEFAULT false NOT NULL,
    coverage JSONB DEFAULT '[]' NOT NULL,
    notes JSONB DEFAULT '[]' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_renditions PRIMARY KEY (id),
    CONSTRAINT uq_renditions_key UNIQUE (video_id, transcript_hash, model, prompt_version, length, language),
    CONSTRAINT fk_renditions_video_id_videos FOREIGN KEY(video_id) REFERENCES videos (id) ON DELETE CASCADE,
    CONSTRAINT ck_renditions_length CHECK (length IN ('short', 'medium', 'long'))
);

CREATE TABLE chapters (
    rendition_id BIGINT NOT NULL,
    index INTEGER NOT NULL,
    start DOUBLE PRECISION NOT NULL,
    "end" DOUBLE PRECISION NOT NULL,
    title TEXT NOT NULL,
    origin TEXT NOT NULL,
    CONSTRAINT pk_chapters PRIMARY KEY (rendition_id, index),
    CONSTRAINT fk_chapters_rendition_id_renditions FOREIGN KEY(rendition_id) REFERENCES renditions (id) ON DELETE CASCADE
);

CREATE TABLE points (
    rendition_id BIGINT NOT NULL,
    role VARCHAR(20) NOT NULL,
    index INTEGER NOT NULL,
    text TEXT NOT NULL,
    kind TEXT NOT NULL,
    support DOUBLE PRECISION NOT NULL,
    chapter INTEGER NOT NULL,
    citations JSONB NOT NULL,
    CONSTRAINT pk_points PRIMARY KEY (rendition_id, role, index),
    CONSTRAINT fk_points_rendition_id_renditions FOREIGN KEY(rendition_id) REFERENCES renditions (id) ON DELETE CASCADE,
    CONSTRAINT ck_points_role CHECK (role IN ('gist', 'overview', 'point'))
);

CREATE TABLE translations (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    video_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    source_hash TEXT NOT NULL,
    model TEXT NOT NULL,
    version TEXT NOT NULL,
    language TEXT NOT NULL,
    complete BOOLEAN DEFAULT false NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_translations PRIMARY KEY (id),
    CONSTRAINT uq_translations_key UNIQUE (video_id, kind, source_hash, model, version, language),
    CONSTRAINT fk_translations_video_id_videos FOREIGN KEY(video_id) REFERENCES videos (id) ON DELETE CASCADE
);

CREATE TABLE translation_parts (
    translation_id BIGINT NOT NULL,
    first INTEGER NOT NULL,
    texts BYTEA NOT NULL,
    CONSTRAINT pk_translation_parts PRIMARY KEY (translation_id, first),
    CONSTRAINT fk_translation_parts_translation_id_translations FOREIGN KEY(translation_id) REFERENCES translations (id) ON DELETE CASCADE
);

CREATE TABLE conversations (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    video_id TEXT,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_conversations PRIMARY KEY (id),
    CONSTRAINT fk_conversations_video_id_videos FOREIGN KEY(video_id) REFERENCES videos (id) ON DELETE CASCADE
);
CREATE INDEX ix_conversations_video_id ON conversations (video_id);

CREATE TABLE turns (
    conversation_id BIGINT NOT NULL,
    index INTEGER NOT NULL,
    question TEXT NOT NULL,
    answer JSONB NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_turns PRIMARY KEY (conversation_id, index),
    CONSTRAINT fk_turns_conversation_id_conversations FOREIGN KEY(conversation_id) REFERENCES conversations (id) ON DELETE CASCADE
);
"""

DROPS = """
DROP TABLE turns;
DROP TABLE conversations;
DROP TABLE translation_parts;
DROP TABLE translations;
DROP TABLE points;
DROP TABLE chapters;
DROP TABLE renditions;
DROP TABLE chunks;
DROP TABLE sentences;
DROP TABLE transcript_parts;
DROP TABLE transcripts;
DROP TABLE workers;
DROP TABLE stage_runs;
DROP TABLE stages;
DROP TABLE jobs;
DROP TABLE media_files;
DROP TABLE videos;
"""


def upgrade() -> None:
    op.execute(TABLES)


def downgrade() -> None:
    op.execute(DROPS)
