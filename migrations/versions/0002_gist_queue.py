"""The gist has a queue of its own."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

QUEUES = """
ALTER TABLE stages DROP CONSTRAINT ck_stages_queue;
ALTER TABLE workers DROP CONSTRAINT ck_workers_queue;
DELETE FROM workers WHERE queue = 'gist';
UPDATE stages SET queue = '{queue}' WHERE name = 'gist';
ALTER TABLE stages ADD CONSTRAINT ck_stages_queue CHECK (queue IN ({allowed}));
ALTER TABLE workers ADD CONSTRAINT ck_workers_queue CHECK (queue IN ({allowed}));
"""


def upgrade() -> None:
    op.execute(QUEUES.format(queue="gist", allowed="'fetch', 'speech', 'gist', 'text'"))


def downgrade() -> None:
    op.execute(QUEUES.format(queue="text", allowed="'fetch', 'speech', 'text'"))
