"""Which workers were at a job, and how often."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    CREATE TABLE attempts (
        job_id uuid NOT NULL REFERENCES jobs,
        number integer NOT NULL,
        tenant text NOT NULL,
        worker text,
        started_at timestamptz,
        ended_at timestamptz,
        error_code text,
        error_detail text,
        PRIMARY KEY (job_id, number)
    );
    COMMENT ON COLUMN attempts.number IS 'Of the delivery of the request, from 1.';

    ALTER TABLE attempts ENABLE ROW LEVEL SECURITY;
    ALTER TABLE attempts FORCE ROW LEVEL SECURITY;
    CREATE POLICY of_tenant ON attempts FOR SELECT TO ai2text_reader
        USING (tenant = current_setting('ai2text.tenant', true));
    CREATE POLICY of_all ON attempts TO ai2text_writer USING (true) WITH CHECK (true);
    GRANT SELECT ON attempts TO ai2text_reader;
    GRANT SELECT, INSERT, UPDATE, DELETE ON attempts TO ai2text_writer;
    """)
