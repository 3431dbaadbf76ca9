"""Lists and counts that cost the same whatever the catalogue holds: an order that never changes, counts that follow."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

CHANGED = {
    "INSERT": "SELECT *, 1 AS step FROM added",
    "DELETE": "SELECT *, -1 AS step FROM removed",
    "UPDATE": "SELECT *, 1 AS step FROM added UNION ALL SELECT *, -1 FROM removed",
}
NAMED = {"INSERT": "NEW TABLE AS added", "DELETE": "OLD TABLE AS removed"}
NAMED["UPDATE"] = f"{NAMED['INSERT']} {NAMED['DELETE']}"
COUNTED = {
    "recordings": "tenant, NULL::text AS lane, status, 0 AS audio_seconds",
    "jobs": "tenant, lane, status, coalesce(duration_seconds, 0)::numeric AS audio_seconds",
}
TAGGED = """
    INSERT INTO recording_tags (recording_id, tag, tenant, listed_at, position, status, language)
    SELECT a.recording_id, tag, a.tenant, a.listed_at, a.position, a.status, a.language
"""
TAGS = {
    "INSERT": f"{TAGGED} FROM added a, unnest(a.tags) AS tag ON CONFLICT DO NOTHING;",
    "UPDATE": f"""
    DELETE FROM recording_tags t USING added a JOIN removed r USING (recording_id)
    WHERE t.recording_id = a.recording_id AND a.tags <> r.tags AND t.tag <> ALL (a.tags);
    UPDATE recording_tags t SET status = a.status, language = a.language
    FROM added a JOIN removed r USING (recording_id)
    WHERE t.recording_id = a.recording_id AND (a.status, a.language) IS DISTINCT FROM (r.status, r.language);
    {TAGGED} FROM added a JOIN removed r USING (recording_id), unnest(a.tags) AS tag
    WHERE a.tags <> r.tags ON CONFLICT DO NOTHING;""",  # noqa: S608 - constants
    "DELETE": "DELETE FROM recording_tags t USING removed r WHERE t.recording_id = r.recording_id;",
}


def upgrade() -> None:
    _order_recordings()
    _list_tags()
    _count()
    for table in ("recording_tags", "status_counts"):
        op.execute(f"""
        ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
        ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
        CREATE POLICY of_tenant ON {table} FOR SELECT TO ai2text_reader
            USING (tenant = current_setting('ai2text.tenant', true));
        CREATE POLICY of_all ON {table} TO ai2text_writer USING (true) WITH CHECK (true);
        GRANT SELECT ON {table} TO ai2text_reader;
        GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO ai2text_writer;
        """)


def _order_recordings() -> None:
    """The defaults are for a replica of the version before this one."""
    op.execute("""
    ALTER TABLE recordings ADD COLUMN listed_at timestamptz, ADD COLUMN language text;
    COMMENT ON COLUMN recordings.listed_at IS
        'When it was first heard of; never changes and is never before created_at. Lists are in its order.';
    COMMENT ON COLUMN recordings.language IS 'Of the current revision; who has one is transcribed.';
    UPDATE recordings r SET listed_at = created_at, language = (
        SELECT t.language FROM transcripts t WHERE t.recording_id = r.recording_id AND t.revision = r.current_revision);
    ALTER TABLE recordings ALTER COLUMN listed_at SET DEFAULT now(), ALTER COLUMN listed_at SET NOT NULL;

    DROP INDEX recordings_by_tenant, recordings_by_status, recordings_rejected;
    CREATE INDEX recordings_by_tenant ON recordings (tenant, listed_at DESC, position DESC);
    CREATE INDEX recordings_by_status ON recordings (tenant, status, listed_at DESC, position DESC);
    CREATE INDEX recordings_by_language ON recordings (tenant, language, listed_at DESC, position DESC)
        WHERE language IS NOT NULL;
    CREATE INDEX recordings_rejected ON recordings (tenant, created_at) WHERE status = 'rejected';

    -- Made by the database and never given: unique without an index, which would tempt the planner past the tenant.
    ALTER TABLE recordings DROP CONSTRAINT recordings_position_key;
    ALTER TABLE jobs DROP CONSTRAINT jobs_position_key;
    DROP INDEX jobs_unfinished;
    CREATE INDEX jobs_failed ON jobs (tenant, finished_at) WHERE status = 'failed';
    """)


def _list_tags() -> None:
    op.execute("""
    CREATE TABLE recording_tags (
        recording_id uuid NOT NULL,
        tag text NOT NULL,
        tenant text NOT NULL,
        listed_at timestamptz NOT NULL,
        position bigint NOT NULL,
        status text NOT NULL,
        language text,
        PRIMARY KEY (recording_id, tag)
    );
    COMMENT ON TABLE recording_tags IS 'What recordings.tags says, with all that lists go by; kept by triggers.';
    INSERT INTO recording_tags (recording_id, tag, tenant, listed_at, position, status, language)
    SELECT recording_id, tag, tenant, listed_at, position, status, language FROM recordings, unnest(tags) AS tag
    ON CONFLICT DO NOTHING;
    CREATE INDEX tags_by_tenant ON recording_tags (tenant, tag, listed_at DESC, position DESC);
    CREATE INDEX tags_by_status ON recording_tags (tenant, tag, status, listed_at DESC, position DESC);
    CREATE INDEX tags_by_language ON recording_tags (tenant, tag, language, listed_at DESC, position DESC)
        WHERE language IS NOT NULL;
    """)
    for event, statements in TAGS.items():
        _when("recordings", "tag", event, statements)


def _count() -> None:
    """Each transaction adds lines, which touch nobody else's; from time to time they are folded into fewer."""
    op.execute("""
    CREATE TABLE status_counts (
        tenant text NOT NULL,
        counted text NOT NULL CHECK (counted IN ('recordings', 'jobs')),
        lane text,
        status text NOT NULL,
        n bigint NOT NULL,
        audio_seconds numeric NOT NULL
    );
    COMMENT ON TABLE status_counts IS 'How many there are, as the sum of all lines; kept by triggers.';
    """)
    for table in COUNTED:
        op.execute(_lines(table, f"SELECT *, 1 AS step FROM {table}"))  # noqa: S608 - constants
        for event, changed in CHANGED.items():
            _when(table, "count", event, _lines(table, changed))
    op.execute("CREATE INDEX counts_by_tenant ON status_counts (tenant, counted)")


def _lines(table: str, changed: str) -> str:
    return f"""
    INSERT INTO status_counts (tenant, counted, lane, status, n, audio_seconds)
    SELECT tenant, '{table}', lane, status, sum(step), sum(step * audio_seconds)
    FROM (SELECT {COUNTED[table]}, step FROM ({changed}) AS changed) AS counted
    GROUP BY tenant, lane, status HAVING sum(step) <> 0 OR sum(step * audio_seconds) <> 0;
    """  # noqa: S608 - constants


def _when(table: str, verb: str, event: str, statements: str) -> None:
    name = f"{verb}_{table}_on_{event.lower()}"
    op.execute(f"""
    CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {statements} RETURN NULL; END $$;
    CREATE TRIGGER {name} AFTER {event} ON {table} REFERENCING {NAMED[event]}
        FOR EACH STATEMENT EXECUTE FUNCTION {name}();
    """)
