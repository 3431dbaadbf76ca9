"""Pages and costs of jobs, the index of search, dead letters, and the message ids of the outbox."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    ALTER TABLE jobs
        ADD COLUMN position bigint,
        ADD COLUMN duration_seconds double precision,
        ADD COLUMN processing_seconds double precision;

    UPDATE jobs SET position = known.position, duration_seconds = known.duration_seconds
    FROM (
        SELECT j.job_id, r.duration_seconds,
            row_number() OVER (ORDER BY coalesce(j.requested_at, j.started_at, j.finished_at), j.job_id) AS position
        FROM jobs j JOIN recordings r USING (recording_id)
    ) AS known WHERE known.job_id = jobs.job_id;

    ALTER TABLE jobs ALTER COLUMN position SET NOT NULL;
    ALTER TABLE jobs ALTER COLUMN position ADD GENERATED ALWAYS AS IDENTITY;
    ALTER TABLE jobs ADD UNIQUE (position);
    SELECT setval(pg_get_serial_sequence('jobs', 'position'), (SELECT coalesce(max(position), 0) + 1 FROM jobs), false);

    CREATE INDEX jobs_by_tenant ON jobs (tenant, position DESC);
    DROP INDEX jobs_by_status;
    CREATE INDEX jobs_by_status ON jobs (tenant, status, position DESC);
    CREATE INDEX jobs_by_end ON jobs (finished_at);
    CREATE INDEX jobs_unfinished ON jobs (tenant, lane) WHERE status IN ('queued', 'running');
    CREATE INDEX recordings_rejected ON recordings (created_at) WHERE status = 'rejected';

    CREATE INDEX segments_by_word ON segments USING gin (to_tsvector('simple', text));

    CREATE TABLE dead_letters (
        dead_letter_id uuid PRIMARY KEY,
        position bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
        tenant text,
        stream text NOT NULL,
        durable text NOT NULL,
        subject text NOT NULL,
        reason_code text NOT NULL,
        reason_detail text NOT NULL,
        deliveries integer NOT NULL,
        recording_id uuid,
        job_id uuid,
        traceback text NOT NULL,
        headers jsonb NOT NULL,
        payload bytea NOT NULL,
        dead_at timestamptz NOT NULL,
        replayed_at timestamptz,
        replayed_as uuid
    );
    CREATE INDEX dead_letters_by_time ON dead_letters (dead_at);

    -- The default is for rows that are there already, and for a replica of the version before this one.
    ALTER TABLE outbox ADD COLUMN message_id text NOT NULL DEFAULT gen_random_uuid()::text;
    """)
