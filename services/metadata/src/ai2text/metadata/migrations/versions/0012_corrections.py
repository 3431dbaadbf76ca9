"""What people change of a transcript, as its changes alone: segments that hold from one revision to another."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The defaults are for a replica of the version before this one, which knows of machines' revisions only."""
    op.execute("""
    ALTER TABLE transcripts
        ADD COLUMN base integer,
        ADD COLUMN preview text,
        ADD COLUMN change text,
        ADD COLUMN revision_key text,
        ALTER COLUMN text DROP NOT NULL,
        ADD FOREIGN KEY (recording_id, base) REFERENCES transcripts,
        ADD FOREIGN KEY (recording_id, parent) REFERENCES transcripts,
        ADD CHECK ((kind = 'human') = (base IS NOT NULL));
    CREATE UNIQUE INDEX transcripts_by_key ON transcripts (revision_key) WHERE revision_key IS NOT NULL;
    COMMENT ON COLUMN transcripts.base IS
        'Of a human revision: the machine''s whose segments it changes. A machine''s stands on itself.';
    COMMENT ON COLUMN transcripts.text IS 'Of a machine''s revision; of a human one it is that of its segments.';
    COMMENT ON COLUMN transcripts.preview IS 'Of a human revision: how its text begins.';
    COMMENT ON COLUMN transcripts.revision_key IS 'Where the human revision stands in the object store.';

    ALTER TABLE segments
        ADD COLUMN since integer NOT NULL DEFAULT 0,
        ADD COLUMN until integer,
        ALTER COLUMN place TYPE numeric,
        DROP CONSTRAINT segments_pkey,
        ADD PRIMARY KEY (recording_id, revision, segment_id, since);
    COMMENT ON COLUMN segments.revision IS 'The machine''s that first had it, or whose segments people changed.';
    COMMENT ON COLUMN segments.since IS 'The human revision that made it as it is; 0 as the worker heard it.';
    COMMENT ON COLUMN segments.until IS 'The human revision that made something else of it, or took it away.';
    COMMENT ON COLUMN segments.place IS 'Its order among the others; between two there is always room for one more.';
    CREATE INDEX segments_changed ON segments (recording_id, until) WHERE until IS NOT NULL;

    CREATE OR REPLACE FUNCTION search_segments(query text, marks text, headline text, most integer)
        RETURNS TABLE (recording_id uuid, segment uuid, start float8, "end" float8, text text, highlight text)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
        SELECT s.recording_id, s.segment_id, s.start_seconds, s.end_seconds, s.text,
            ts_headline('simple', translate(s.text, marks, ''), websearch_to_tsquery('simple', query), headline)
        FROM segments s
        JOIN recordings r ON r.recording_id = s.recording_id
        JOIN transcripts t ON t.recording_id = r.recording_id AND t.revision = r.current_revision
            AND coalesce(t.base, t.revision) = s.revision
        WHERE s.tenant = current_setting('ai2text.tenant') AND r.tenant = current_setting('ai2text.tenant')
            AND s.until IS NULL AND to_tsvector('simple', s.text) @@ websearch_to_tsquery('simple', query)
        ORDER BY ts_rank(to_tsvector('simple', s.text), websearch_to_tsquery('simple', query)) DESC,
            r.position DESC, s.place
        LIMIT most
    $$;
    """)
