"""Who is told when something has happened, and what became of each delivery."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    CREATE TABLE webhooks (
        webhook_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        position bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
        tenant text NOT NULL REFERENCES tenants,
        url text NOT NULL,
        events text[] NOT NULL,
        secret bytea NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        created_by text NOT NULL,
        failing boolean NOT NULL DEFAULT false,
        given_up_in_a_row integer NOT NULL DEFAULT 0,
        paused_at timestamptz
    );
    COMMENT ON COLUMN webhooks.failing IS 'Whether the last attempt failed.';
    CREATE INDEX webhooks_by_tenant ON webhooks (tenant, position DESC);

    CREATE TABLE webhook_deliveries (
        delivery_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        position bigint GENERATED ALWAYS AS IDENTITY,
        webhook_id uuid NOT NULL,
        tenant text NOT NULL,
        event_id uuid NOT NULL,
        kind text NOT NULL,
        document json NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        attempts integer NOT NULL DEFAULT 0,
        attempted_at timestamptz,
        status_code integer,
        error text,
        next_attempt_at timestamptz,
        requested_at timestamptz,
        delivered_at timestamptz,
        UNIQUE (webhook_id, event_id)
    );
    COMMENT ON COLUMN webhook_deliveries.webhook_id IS
        'Of no foreign key: what a webhook was told is taken away when it is old, not all at once with the webhook.';
    COMMENT ON COLUMN webhook_deliveries.next_attempt_at IS 'None when it was delivered or given up.';
    COMMENT ON COLUMN webhook_deliveries.requested_at IS 'When the next attempt was asked for; none when it was made.';
    CREATE INDEX deliveries_by_webhook ON webhook_deliveries (tenant, webhook_id, position DESC);
    CREATE INDEX deliveries_due ON webhook_deliveries (webhook_id, next_attempt_at, position)
        WHERE next_attempt_at IS NOT NULL;
    CREATE INDEX deliveries_requested ON webhook_deliveries (webhook_id, requested_at)
        WHERE requested_at IS NOT NULL;
    CREATE INDEX deliveries_by_age ON webhook_deliveries (created_at);
    """)
    for table in ("webhooks", "webhook_deliveries"):
        op.execute(f"""
        ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
        ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
        CREATE POLICY of_tenant ON {table} FOR SELECT TO ai2text_reader
            USING (tenant = current_setting('ai2text.tenant', true));
        CREATE POLICY of_all ON {table} TO ai2text_writer USING (true) WITH CHECK (true);
        GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO ai2text_writer;
        """)
    op.execute("""
    GRANT SELECT (webhook_id, position, tenant, url, events, created_at, created_by, failing, given_up_in_a_row,
        paused_at) ON webhooks TO ai2text_reader;
    GRANT SELECT ON webhook_deliveries TO ai2text_reader;
    """)
