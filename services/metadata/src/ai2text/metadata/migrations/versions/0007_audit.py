"""Who changed what and who was refused: rows are added, and nobody but the owner changes them or takes them away."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    CREATE TABLE audit (
        audit_id uuid PRIMARY KEY,
        position bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
        at timestamptz NOT NULL,
        tenant text,
        subject text,
        request_id text NOT NULL,
        action text NOT NULL,
        target text NOT NULL,
        status integer NOT NULL,
        client text
    );
    CREATE INDEX audit_by_tenant ON audit (tenant, position DESC);

    ALTER TABLE audit ENABLE ROW LEVEL SECURITY;
    ALTER TABLE audit FORCE ROW LEVEL SECURITY;
    CREATE POLICY read ON audit FOR SELECT TO ai2text_writer USING (true);
    CREATE POLICY add ON audit FOR INSERT TO ai2text_writer WITH CHECK (true);
    GRANT SELECT, INSERT ON audit TO ai2text_writer;
    """)
