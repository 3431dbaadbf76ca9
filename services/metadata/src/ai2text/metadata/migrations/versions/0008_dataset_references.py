"""Which recordings, and which revisions of their transcripts, the published versions of datasets were made from."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

OF_TENANTS = ("dataset_versions", "dataset_references")


def upgrade() -> None:
    op.execute("""
    CREATE TABLE dataset_versions (
        tenant text NOT NULL,
        name text NOT NULL,
        version integer NOT NULL,
        version_key text NOT NULL,
        rows integer NOT NULL,
        duration_seconds double precision NOT NULL,
        assembled_at timestamptz NOT NULL,
        PRIMARY KEY (tenant, name, version)
    );

    CREATE TABLE dataset_references (
        tenant text NOT NULL,
        name text NOT NULL,
        version integer NOT NULL,
        recording_id uuid NOT NULL,
        revision integer NOT NULL,
        job_id uuid,
        PRIMARY KEY (tenant, name, version, recording_id),
        FOREIGN KEY (tenant, name, version) REFERENCES dataset_versions
    );
    COMMENT ON COLUMN dataset_references.recording_id IS
        'Of no foreign key: a version may be heard of before its recordings, and stays when they are erased.';
    CREATE INDEX dataset_references_by_recording ON dataset_references (recording_id);
    """)
    for table in OF_TENANTS:
        op.execute(f"""
        ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
        ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
        CREATE POLICY of_tenant ON {table} FOR SELECT TO ai2text_reader
            USING (tenant = current_setting('ai2text.tenant', true));
        CREATE POLICY of_all ON {table} TO ai2text_writer USING (true) WITH CHECK (true);
        GRANT SELECT ON {table} TO ai2text_reader;
        GRANT SELECT, INSERT, DELETE ON {table} TO ai2text_writer;
        """)
