"""What the gateway vouches for when it calls a service."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Somebody whose outside token was checked; signed for 60 seconds by the gateway."""

    tenant: str
    subject: str
    scopes: frozenset[str]
    request_id: str
