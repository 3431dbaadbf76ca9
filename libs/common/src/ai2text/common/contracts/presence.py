"""What a service says of itself every few seconds; nobody keeps it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicePresence:
    """One process that is there now."""

    service: str
    instance: str
    """Host and process id."""
    version: str
    started_at: datetime
    ready: dict[str, bool]
    """Each readiness check and what it says."""
    facts: dict[str, Any] = field(default_factory=dict)
    """What only this kind of service has to tell, as JSON."""
