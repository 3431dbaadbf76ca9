"""A message that was given up, whole, with the reason; it can be listed and replayed."""

from dataclasses import dataclass, field
from datetime import datetime

from ai2text.common.contracts.reason import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    dead_letter_id: str
    stream: str
    durable: str
    subject: str
    stream_sequence: int
    deliveries: int
    reason: Reason
    traceback: str
    headers: dict[str, str] = field(default_factory=dict)
    payload_base64: str
    """The message as it was, whatever it held."""
    dead_at: datetime
