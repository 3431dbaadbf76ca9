"""What was erased, what of it is still to be deleted elsewhere, and how long each tenant keeps recordings."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    CREATE TABLE erasures (
        recording_id uuid PRIMARY KEY,
        tenant text NOT NULL,
        next_life integer NOT NULL,
        publication integer NOT NULL DEFAULT 0,
        erased_at timestamptz NOT NULL,
        remains jsonb
    );
    COMMENT ON TABLE erasures IS 'One row for each recording that was ever erased, with nothing of what it held.';
    COMMENT ON COLUMN erasures.next_life IS
        'The first generation of a later life; jobs and facts of earlier generations are erased, whenever they come.';
    COMMENT ON COLUMN erasures.publication IS 'How often the last erasure was announced.';
    COMMENT ON COLUMN erasures.remains IS 'What is announced once more, for what was under way; null when it was.';
    CREATE INDEX erasures_to_repeat ON erasures (erased_at) WHERE remains IS NOT NULL;

    CREATE TABLE retention (
        tenant text PRIMARY KEY REFERENCES tenants,
        days integer NOT NULL CHECK (days > 0),
        set_at timestamptz NOT NULL DEFAULT now(),
        set_by text NOT NULL
    );
    COMMENT ON TABLE retention IS 'Recordings that are older are erased; a tenant without a row keeps them.';

    ALTER TABLE dead_letters ADD COLUMN stream_position bigint;
    COMMENT ON COLUMN dead_letters.stream_position IS 'Of its message in the stream; null in what is older.';
    CREATE INDEX dead_letters_by_recording ON dead_letters (recording_id) WHERE recording_id IS NOT NULL;

    ALTER TABLE dataset_references ADD COLUMN life integer NOT NULL DEFAULT 0;
    COMMENT ON COLUMN dataset_references.life IS 'The generation at which that life of the recording began.';
    """)
    for table, rights in (("erasures", "SELECT, INSERT, UPDATE"), ("retention", "SELECT, INSERT, UPDATE, DELETE")):
        op.execute(f"""
        ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
        ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
        CREATE POLICY of_tenant ON {table} FOR SELECT TO ai2text_reader
            USING (tenant = current_setting('ai2text.tenant', true));
        CREATE POLICY of_all ON {table} TO ai2text_writer USING (true) WITH CHECK (true);
        GRANT SELECT ON {table} TO ai2text_reader;
        GRANT {rights} ON {table} TO ai2text_writer;
        """)
