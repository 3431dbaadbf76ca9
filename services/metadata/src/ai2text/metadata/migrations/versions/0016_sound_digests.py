"""By which the same sound is known again under other bytes."""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    ALTER TABLE recordings ADD COLUMN sound_sha256 text;
    COMMENT ON COLUMN recordings.sound_sha256 IS
        'The same for the same sound under other bytes; null in what was ingested before anybody looked.';
    """)
