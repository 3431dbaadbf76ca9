"""Row-level security besides the queries, what decoding measures, and sources that came to hold other bytes."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

OF_TENANTS = ("recordings", "sources", "jobs", "transcripts", "segments")


def upgrade() -> None:
    op.execute("""
    ALTER TABLE recordings
        ADD COLUMN bit_rate_bps bigint,
        ADD COLUMN peak_dbfs real,
        ADD COLUMN loudness_lufs real;

    ALTER TABLE sources
        ADD COLUMN seen_at timestamptz,
        ADD COLUMN replaced_by uuid,
        ADD COLUMN replaced_at timestamptz;
    COMMENT ON COLUMN sources.seen_at IS 'When this source was last found to hold this recording.';
    COMMENT ON COLUMN sources.replaced_by IS 'The recording that this source held when it was looked at later.';
    UPDATE sources SET seen_at = r.created_at FROM recordings r WHERE r.recording_id = sources.recording_id;
    """)
    _make_roles()
    for table in OF_TENANTS:
        op.execute(f"""
        ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
        ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
        CREATE POLICY of_tenant ON {table} FOR SELECT TO ai2text_reader
            USING (tenant = current_setting('ai2text.tenant', true));
        CREATE POLICY of_all ON {table} TO ai2text_writer USING (true) WITH CHECK (true);
        GRANT SELECT ON {table} TO ai2text_reader;
        GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO ai2text_writer;
        """)
    op.execute("""
    GRANT SELECT, INSERT, UPDATE, DELETE ON outbox, dead_letters TO ai2text_writer;

    CREATE FUNCTION search_segments(query text, marks text, headline text, most integer)
        RETURNS TABLE (recording_id uuid, segment uuid, start float8, "end" float8, text text, highlight text)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
        SELECT s.recording_id, s.segment_id, s.start_seconds, s.end_seconds, s.text,
            ts_headline('simple', translate(s.text, marks, ''), websearch_to_tsquery('simple', query), headline)
        FROM segments s
        JOIN recordings r ON r.recording_id = s.recording_id AND r.current_revision = s.revision
        WHERE s.tenant = current_setting('ai2text.tenant') AND r.tenant = current_setting('ai2text.tenant')
            AND to_tsvector('simple', s.text) @@ websearch_to_tsquery('simple', query)
        ORDER BY ts_rank(to_tsvector('simple', s.text), websearch_to_tsquery('simple', query)) DESC,
            r.position DESC, s.place
        LIMIT most
    $$;
    COMMENT ON FUNCTION search_segments IS
        'As its owner, for the tenant of the transaction: under row-level security @@ would not use its index.';
    REVOKE EXECUTE ON FUNCTION search_segments FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION search_segments TO ai2text_reader;
    """)


def _make_roles() -> None:
    """Of the whole server: an administrator, or another database on it, may have made them already."""
    op.execute("""
    DO $$
    DECLARE wanted text;
    BEGIN
        FOREACH wanted IN ARRAY ARRAY['ai2text_reader', 'ai2text_writer'] LOOP
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
                BEGIN
                    EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
                EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;  -- in the same moment
                END;
            END IF;
            IF NOT (pg_has_role(current_user, wanted, 'USAGE') AND pg_has_role(current_user, wanted, 'SET')) THEN
                EXECUTE format('GRANT %I TO CURRENT_USER WITH INHERIT TRUE, SET TRUE', wanted);
            END IF;
        END LOOP;
    END $$;
    """)
