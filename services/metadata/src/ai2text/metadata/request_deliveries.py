"""What webhooks are to be told is asked for when it is due, also again when the request was lost with a stream."""

import asyncio
import time

import structlog

from ai2text.common.clock import Clock, stopped_within
from ai2text.common.errors import Unavailable
from ai2text.metadata.postgres.deliveries import forget_old, request_due
from ai2text.metadata.postgres.pool import Database

log = structlog.get_logger()

EVERY_SECONDS = 0.5
FORGET_EVERY_SECONDS = 60.0


async def request_deliveries(database: Database, clock: Clock, stop: asyncio.Event) -> None:
    """Runs until `stop`; waits while the database is away."""
    forgotten_at = time.monotonic()
    while not await stopped_within(stop, EVERY_SECONDS):
        try:
            async with database.transaction() as connection:
                await request_due(connection, clock())
                if time.monotonic() >= forgotten_at + FORGET_EVERY_SECONDS:
                    forgotten_at = time.monotonic()
                    await forget_old(connection)
        except Unavailable as exc:
            log.warning("webhooks_wait", error=str(exc))
