"""Subscriptions; an item that one of them chose knows in what form and when."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE subscriptions (
    listing_id BIGINT NOT NULL,
    options JSONB DEFAULT '{}' NOT NULL,
    filters JSONB DEFAULT '{}' NOT NULL,
    paused BOOLEAN DEFAULT false NOT NULL,
    every DOUBLE PRECISION NOT NULL,
    backlog INTEGER DEFAULT 0 NOT NULL,
    since TIMESTAMP WITH TIME ZONE,
    size INTEGER,
    next_check TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    last_checked TIMESTAMP WITH TIME ZONE,
    result TEXT DEFAULT '' NOT NULL,
    found INTEGER DEFAULT 0 NOT NULL,
    error TEXT DEFAULT '' NOT NULL,
    failures INTEGER DEFAULT 0 NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_subscriptions PRIMARY KEY (listing_id),
    CONSTRAINT fk_subscriptions_listing_id_listings FOREIGN KEY(listing_id) REFERENCES listings (id) ON DELETE CASCADE
);
CREATE INDEX ix_subscriptions_due ON subscriptions (next_check) WHERE NOT paused;

ALTER TABLE listing_items ADD COLUMN options JSONB;
ALTER TABLE listing_items ADD COLUMN followed_at TIMESTAMP WITH TIME ZONE;
CREATE INDEX ix_listing_items_followed_at ON listing_items (followed_at) WHERE followed_at IS NOT NULL;
"""

DROP = """
DROP INDEX ix_listing_items_followed_at;
ALTER TABLE listing_items DROP COLUMN followed_at;
ALTER TABLE listing_items DROP COLUMN options;
DROP TABLE subscriptions;
"""


def upgrade() -> None:
    op.execute(TABLES)


def downgrade() -> None:
    op.execute(DROP)
