"""Rows of the audit trail: written once, and by nobody's role to be changed."""

from collections.abc import Iterable

from ai2text.common.contracts.audit import AuditEntry
from ai2text.metadata.postgres.pool import Connection
from ai2text.metadata.postgres.staging import stage

COLUMNS = "audit_id, at, tenant, subject, request_id, action, target, status, client"


async def save_audit(connection: Connection, entries: Iterable[AuditEntry]) -> None:
    """May be repeated: an entry whose id is known changes nothing."""
    rows = ([getattr(entry, name) for name in COLUMNS.split(", ")] for entry in entries)
    await stage(connection, "audit", COLUMNS, rows)
    await connection.execute(
        f"INSERT INTO audit ({COLUMNS}) SELECT {COLUMNS} FROM staged_audit ORDER BY at "  # noqa: S608 - constants
        "ON CONFLICT (audit_id) DO NOTHING"
    )
