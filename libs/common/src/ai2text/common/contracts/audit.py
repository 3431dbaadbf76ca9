"""What the gateway reports of calls that changed something or were refused."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """`tenant` and `subject` are None when nobody knows who called."""

    audit_id: str
    at: datetime
    tenant: str | None = None
    subject: str | None = None
    request_id: str
    action: str
    """Method and route, such as `DELETE /v1/keys/{key_id}`."""
    target: str
    """The path as it was sent."""
    status: int
    client: str | None = None
    """The address at the other end of the connection; behind a proxy the proxy's."""
