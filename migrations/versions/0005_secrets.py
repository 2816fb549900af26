"""Values that are encrypted before they are stored."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

UPGRADE = """
CREATE TABLE secrets (
    name text NOT NULL,
    value bytea NOT NULL,
    revision text NOT NULL,
    about jsonb NOT NULL,
    added_at timestamptz DEFAULT clock_timestamp() NOT NULL,
    changed_at timestamptz DEFAULT clock_timestamp() NOT NULL,
    used_at timestamptz,
    result text,
    CONSTRAINT pk_secrets PRIMARY KEY (name)
);
ALTER TABLE workers ADD COLUMN about text DEFAULT '' NOT NULL;
"""


def upgrade() -> None:
    op.execute(UPGRADE)


def downgrade() -> None:
    op.execute("DROP TABLE secrets; ALTER TABLE workers DROP COLUMN about")
