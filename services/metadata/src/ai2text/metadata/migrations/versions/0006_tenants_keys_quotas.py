"""Tenants, the keys by which programs come in for them, and how much audio they may send."""

from alembic import op

revision = "0006"
down_revision = "0004"
branch_labels = None
depends_on = None

OF_TENANTS = ("tenants", "api_keys", "quotas")


def upgrade() -> None:
    op.execute("""
    CREATE TABLE tenants (
        tenant text PRIMARY KEY,
        first_seen_at timestamptz NOT NULL DEFAULT now()
    );
    INSERT INTO tenants (tenant, first_seen_at) SELECT tenant, min(created_at) FROM recordings GROUP BY tenant;

    CREATE TABLE api_keys (
        key_id text PRIMARY KEY,
        position bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
        tenant text NOT NULL REFERENCES tenants,
        name text NOT NULL,
        scopes text[] NOT NULL,
        secret_sha256 text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        created_by text NOT NULL,
        expires_at timestamptz,
        last_used_at timestamptz,
        revoked_at timestamptz
    );
    CREATE INDEX api_keys_by_tenant ON api_keys (tenant, position DESC);

    CREATE TABLE quotas (
        tenant text PRIMARY KEY REFERENCES tenants,
        audio_seconds_per_month double precision NOT NULL CHECK (audio_seconds_per_month >= 0),
        set_at timestamptz NOT NULL DEFAULT now()
    );
    CREATE INDEX recordings_by_creation ON recordings (tenant, created_at) INCLUDE (duration_seconds);
    """)
    for table in OF_TENANTS:
        op.execute(f"""
        ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
        ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
        CREATE POLICY of_tenant ON {table} FOR SELECT TO ai2text_reader
            USING (tenant = current_setting('ai2text.tenant', true));
        CREATE POLICY of_all ON {table} TO ai2text_writer USING (true) WITH CHECK (true);
        """)
    op.execute("""
    GRANT SELECT ON tenants, quotas TO ai2text_reader;
    GRANT SELECT (key_id, position, tenant, name, scopes, created_at, created_by, expires_at, last_used_at, revoked_at)
        ON api_keys TO ai2text_reader;
    GRANT SELECT, INSERT ON tenants TO ai2text_writer;
    GRANT SELECT, INSERT, UPDATE ON api_keys TO ai2text_writer;
    GRANT SELECT, INSERT, UPDATE, DELETE ON quotas TO ai2text_writer;
    """)
