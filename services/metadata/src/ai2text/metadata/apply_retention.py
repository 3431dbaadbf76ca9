"""What a tenant has kept for as long as it wants to is erased, and the audit trail says so."""

from uuid import uuid4

from ai2text.common.contracts.audit import AuditEntry
from ai2text.metadata.erase_recording import EraseRecording
from ai2text.metadata.postgres.audit import save_audit
from ai2text.metadata.postgres.retention import past_retention

AT_ONCE = 100
SUBJECT = "retention"


async def apply_retention(erasing: EraseRecording) -> int:
    """How many recordings were erased; all that are due. Raises Unavailable."""
    erased = 0
    while True:
        async with erasing.database.transaction() as connection:
            due = await past_retention(connection, AT_ONCE)
        for tenant, recording_id in due:
            await erasing.erase_recording(tenant, recording_id)
            async with erasing.database.transaction() as connection:
                await save_audit(connection, [_entry(erasing, tenant, recording_id)])
        erased += len(due)
        if not due:
            return erased


def _entry(erasing: EraseRecording, tenant: str, recording_id: str) -> AuditEntry:
    return AuditEntry(
        audit_id=f"{uuid4()}",
        at=erasing.clock(),
        tenant=tenant,
        subject=SUBJECT,
        request_id=SUBJECT,
        action="DELETE /v1/recordings/{recording_id}",
        target=f"/v1/recordings/{recording_id}",
        status=202,
    )
