"""Recordings, their sources, jobs, transcripts as immutable revisions, and the outbox."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    CREATE TABLE recordings (
        recording_id uuid PRIMARY KEY,
        tenant text NOT NULL,
        position bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
        sha256 text,
        size_bytes bigint,
        audio_key text,
        container text,
        codec text,
        duration_seconds double precision,
        sample_rate_hz integer,
        channels integer,
        media_tags jsonb NOT NULL DEFAULT '{}',
        tags text[] NOT NULL DEFAULT '{}',
        status text NOT NULL DEFAULT 'queued' CHECK (status IN
            ('queued', 'transcribing', 'transcribed', 'failed', 'cancelled', 'rejected')),
        review text NOT NULL DEFAULT 'unreviewed' CHECK (review IN
            ('unreviewed', 'corrected', 'verified', 'excluded')),
        current_revision integer,
        reason_code text,
        reason_detail text,
        created_at timestamptz NOT NULL
    );
    CREATE INDEX recordings_by_tenant ON recordings (tenant, position DESC);
    CREATE INDEX recordings_by_status ON recordings (tenant, status, position DESC);

    CREATE TABLE sources (
        recording_id uuid NOT NULL REFERENCES recordings,
        source_id uuid NOT NULL,
        tenant text NOT NULL,
        kind text NOT NULL,
        place text NOT NULL,
        name text NOT NULL,
        modified_at timestamptz,
        PRIMARY KEY (recording_id, source_id)
    );

    CREATE TABLE jobs (
        job_id uuid PRIMARY KEY,
        recording_id uuid NOT NULL REFERENCES recordings,
        tenant text NOT NULL,
        generation integer NOT NULL,
        replaces uuid,
        lane text,
        model text,
        task text,
        options jsonb,
        outcome_key text,
        status text NOT NULL CHECK (status IN ('queued', 'running', 'completed', 'failed', 'cancelled')),
        worker text,
        attempts integer NOT NULL DEFAULT 0,
        error_code text,
        error_detail text,
        requested_at timestamptz,
        started_at timestamptz,
        finished_at timestamptz
    );
    CREATE INDEX jobs_by_recording ON jobs (recording_id, generation DESC);
    CREATE INDEX jobs_by_status ON jobs (tenant, status);

    CREATE TABLE transcripts (
        recording_id uuid NOT NULL REFERENCES recordings,
        revision integer NOT NULL,
        tenant text NOT NULL,
        job_id uuid UNIQUE REFERENCES jobs,
        kind text NOT NULL CHECK (kind IN ('machine', 'human')),
        parent integer,
        author text,
        generation integer NOT NULL,
        model text NOT NULL,
        engine jsonb NOT NULL,
        language text NOT NULL,
        language_probability double precision NOT NULL,
        text text NOT NULL,
        created_at timestamptz NOT NULL,
        PRIMARY KEY (recording_id, revision)
    );

    CREATE TABLE segments (
        recording_id uuid NOT NULL,
        revision integer NOT NULL,
        place integer NOT NULL,
        segment_id uuid NOT NULL,
        tenant text NOT NULL,
        etag text NOT NULL,
        start_seconds double precision NOT NULL,
        end_seconds double precision NOT NULL,
        text text NOT NULL,
        speaker text,
        words jsonb NOT NULL,
        temperature real,
        avg_logprob real,
        compression_ratio real,
        no_speech_prob real,
        PRIMARY KEY (recording_id, revision, place),
        FOREIGN KEY (recording_id, revision) REFERENCES transcripts
    );

    CREATE TABLE outbox (
        position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        subject text NOT NULL,
        payload bytea NOT NULL
    );

    CREATE FUNCTION job_rank(status text) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
        SELECT CASE status WHEN 'queued' THEN 0 WHEN 'running' THEN 1 ELSE 2 END
    $$;
    COMMENT ON FUNCTION job_rank IS 'A job only ever moves to a higher rank; the first end state stays.';
    """)
