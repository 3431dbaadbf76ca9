"""What the gateway vouches for when it calls a service."""

from dataclasses import dataclass
from enum import StrEnum


class Scope(StrEnum):
    """What a token may open."""

    RECORDINGS_READ = "recordings:read"
    RECORDINGS_WRITE = "recordings:write"
    RECORDINGS_ERASE = "recordings:erase"
    TRANSCRIPTS_WRITE = "transcripts:write"
    DATASETS_READ = "datasets:read"
    DATASETS_WRITE = "datasets:write"
    MODELS_WRITE = "models:write"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Somebody whose outside token was checked; signed for 60 seconds by the gateway."""

    tenant: str
    subject: str
    scopes: frozenset[str]
    request_id: str


NO_TENANT = ""
"""Of a caller that is a service itself: no token from outside can say so, for it has to name a tenant."""
