"""The audit trail on its way to the catalogue: in batches, and never in the way of a request."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import islice
from uuid import uuid4

import structlog
from starlette.types import Scope

from ai2text.api_gateway.inside import Service
from ai2text.common import metrics
from ai2text.common.clock import stopped_within, utc_now
from ai2text.common.contracts.audit import AuditEntry
from ai2text.common.contracts.inside import NO_TENANT, Caller
from ai2text.common.errors import Unavailable

log = structlog.get_logger()

EVERY_SECONDS = 1.0
BATCH = 500
WAITING_MOST = 10_000
"""What comes beyond is dropped, and counted: the catalogue is away, or somebody knocks very often."""
LONGEST = 500
HARMLESS = ("GET", "HEAD", "OPTIONS")
REFUSED = (401, 403, 429)
FIRST_ERROR = 400


class AuditTrail:
    def __init__(self, metadata: Service, waiting_most: int = WAITING_MOST) -> None:
        self._metadata = metadata
        self._waiting = deque[AuditEntry]()
        self._waiting_most = waiting_most

    def note(self, scope: Scope, route: str, status: int, request_id: str) -> None:
        """Of an answered request; only what changed something, or tried to, and what was refused."""
        if scope["method"] in HARMLESS and status not in REFUSED:
            return
        if len(self._waiting) >= self._waiting_most:
            metrics.AUDIT_DROPPED.inc()
            return
        self._waiting.append(_entry(scope, route, status, request_id))

    @asynccontextmanager
    async def delivered(self) -> AsyncIterator[None]:
        """While inside, and once more at the end."""
        stop = asyncio.Event()
        delivering = asyncio.create_task(self._deliver_until(stop))
        try:
            yield
        finally:
            stop.set()
            await delivering

    async def _deliver_until(self, stop: asyncio.Event) -> None:
        while not await stopped_within(stop, EVERY_SECONDS):
            await self.deliver()
        await self.deliver()
        if self._waiting:
            metrics.AUDIT_DROPPED.inc(len(self._waiting))
            log.error("audit_lost", entries=len(self._waiting))

    async def deliver(self) -> None:
        """What waits, unless the catalogue is away: then it waits on."""
        while batch := tuple(islice(self._waiting, BATCH)):
            gateway = Caller(tenant=NO_TENANT, subject="api-gateway", scopes=frozenset(), request_id=str(uuid4()))
            try:
                status, answer = await self._metadata.tell("/v1/audit", batch, gateway)
            except Unavailable as exc:
                log.warning("audit_waits", entries=len(self._waiting), error=str(exc))
                return
            if status >= FIRST_ERROR:
                metrics.AUDIT_DROPPED.inc(len(batch))
                log.error("audit_refused", entries=len(batch), status=status, answer=answer[:LONGEST])
            for _ in batch:
                self._waiting.popleft()


def _entry(scope: Scope, route: str, status: int, request_id: str) -> AuditEntry:
    caller: Caller | None = scope.get("state", {}).get("caller")
    client = scope.get("client")
    return AuditEntry(
        audit_id=str(uuid4()),
        at=utc_now(),
        tenant=caller.tenant if caller else None,
        subject=_storable(caller.subject) if caller else None,
        request_id=request_id,
        action=f"{scope['method']} {route}",
        target=scope["raw_path"][:LONGEST].decode("ascii", "replace"),
        status=status,
        client=client[0] if client else None,
    )


def _storable(text: str) -> str:
    """PostgreSQL has no NUL and UTF-8 no half characters, and a token may name its subject as it likes."""
    return text[:LONGEST].encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")
