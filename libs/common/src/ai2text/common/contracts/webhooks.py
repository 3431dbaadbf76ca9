"""What metadata asks of itself: that a webhook is told of something."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookDeliveryRequested:
    """One attempt at one delivery; what is to be sent, and where to, stands in the catalogue."""

    tenant: str
    delivery_id: UUID
    attempt: int
    """1 for the first."""
    requested_at: datetime
