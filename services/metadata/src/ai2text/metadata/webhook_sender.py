"""The one way of this service outward: each connection goes to an address that was looked at for it.

Redirects are not followed and proxies are not asked, for either would connect to what nobody has looked at.
"""

import asyncio
import ssl
from collections.abc import Iterable
from typing import Self

import httpcore
import httpx

from ai2text.metadata.webhook_targets import TargetRefused, Targets, parsed

WITHIN_SECONDS = 15.0
"""Name, connection, request and the head of the answer together; of its body nothing is read."""
CONNECT_SECONDS = 5.0
"""For each of a name's addresses."""
LOST = (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError)


class NotAnswered(Exception):
    """The attempt ended without a status; the sentence is shown to whoever subscribed."""


class _LookedAt(httpcore.AsyncNetworkBackend):
    """Resolves by itself, and connects to what may be reached."""

    def __init__(self, targets: Targets, *, secure: bool) -> None:
        self._targets = targets
        self._secure = secure
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        for address in await self._targets.addresses(host, port, secure=self._secure):
            try:
                return await self._network.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as exc:
                failure = exc
        raise failure


class WebhookSender:
    """Use as an async context manager."""

    def __init__(self, targets: Targets, most: int, within_seconds: float = WITHIN_SECONDS) -> None:
        """`most` posts at once."""
        self._within_seconds = within_seconds
        self._pools = {scheme: _pool(targets, most, secure=scheme == "https") for scheme in ("http", "https")}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for pool in self._pools.values():
            await pool.aclose()

    async def post(self, text: str, headers: dict[str, str], body: bytes) -> int:
        """The status of the answer. Raises NotAnswered."""
        try:
            async with asyncio.timeout(self._within_seconds):
                return await self._post(parsed(text), headers, body)
        except TargetRefused as exc:
            raise NotAnswered(exc.detail) from exc
        except TimeoutError as exc:
            raise NotAnswered(f"There was no answer within {self._within_seconds:.0f} seconds.") from exc
        except LOST as exc:
            raise NotAnswered(_sentence(exc)) from exc

    async def _post(self, url: httpx.URL, headers: dict[str, str], body: bytes) -> int:
        target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        sent = [("Host", url.netloc.decode("ascii")), ("Content-Length", str(len(body))), *headers.items()]
        within = {"timeout": {"connect": CONNECT_SECONDS}}
        async with self._pools[url.scheme].stream("POST", target, headers=sent, content=body, extensions=within) as got:
            return int(got.status)


def _pool(targets: Targets, most: int, *, secure: bool) -> httpcore.AsyncConnectionPool:
    return httpcore.AsyncConnectionPool(
        ssl_context=httpx.create_ssl_context() if secure else None,
        max_connections=most,
        max_keepalive_connections=0,
        network_backend=_LookedAt(targets, secure=secure),
    )


def _sentence(exc: Exception) -> str:
    match exc.args:  # httpcore wraps what it was told, and forgets the cause
        case [ssl.SSLCertVerificationError() as refused]:
            return f"Its certificate is not accepted: {refused.verify_message}."
    match exc:
        case httpcore.ConnectError() | httpcore.ConnectTimeout():
            return "No connection could be made."
    return "What answered does not speak HTTP, or broke off."
