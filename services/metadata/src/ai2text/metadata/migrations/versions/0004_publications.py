"""When and how often a job was put into its queue, by the database's clock."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    ALTER TABLE jobs
        ADD COLUMN publication integer NOT NULL DEFAULT 0,
        ADD COLUMN published_at timestamptz NOT NULL DEFAULT now();
    CREATE INDEX jobs_waiting ON jobs (published_at) WHERE status IN ('queued', 'running');
    """)
