"""How a service asks another one: over that one's inside API, and signed, as the gateway's calls are."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from ai2text.common import caller_token
from ai2text.common.clock import utc_now
from ai2text.common.contracts.inside import Caller, Scope
from ai2text.common.errors import Unavailable


class ServiceUnavailable(Unavailable):
    """The service did not answer, broke off in the middle, or does not know yet what was asked for."""


def inside_client(url: str, *, connect_seconds: float, read_seconds: float) -> httpx.AsyncClient:
    timeout = httpx.Timeout(read_seconds, connect=connect_seconds)
    return httpx.AsyncClient(base_url=url, timeout=timeout, trust_env=False, follow_redirects=False)


def signed(subject: str, tenant: str, request_id: str, key: str) -> dict[str, str]:
    """The header by which the service `subject` reads what is the tenant's."""
    caller = Caller(tenant=tenant, subject=subject, scopes=frozenset({Scope.RECORDINGS_READ}), request_id=request_id)
    return {caller_token.HEADER: caller_token.sign(caller, key, utc_now)}


@contextmanager
def asking(service: str) -> Iterator[None]:
    """Raises ServiceUnavailable where `service` cannot be reached or falls silent."""
    try:
        yield
    except httpx.TransportError as exc:
        raise ServiceUnavailable(f"The {service} service does not answer: {exc!r}") from exc
