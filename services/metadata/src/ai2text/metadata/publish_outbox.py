"""Announces what was committed, in order, until the stream has acknowledged it."""

import asyncio

import structlog

from ai2text.common import metrics
from ai2text.common.clock import stopped_within
from ai2text.common.errors import Unavailable
from ai2text.common.jetstream import Broker
from ai2text.metadata.postgres import outbox
from ai2text.metadata.postgres.pool import Database

log = structlog.get_logger()

BATCH = 100
POLL_SECONDS = 0.5


async def publish_outbox(database: Database, broker: Broker, stop: asyncio.Event) -> None:
    """Runs until `stop`; waits while the database or the broker is away."""
    while not stop.is_set():
        try:
            published = await _publish_batch(database, broker)
        except Unavailable as exc:
            log.warning("outbox_waiting", error=str(exc))
            published = 0
        if published < BATCH:
            await stopped_within(stop, POLL_SECONDS)


async def _publish_batch(database: Database, broker: Broker) -> int:
    async with database.transaction() as connection:
        taken = await outbox.take(connection, BATCH)
        for one in taken:
            await broker.publish_encoded(one.subject, one.payload, one.message_id)
        if taken:
            await outbox.remove(connection, [one.position for one in taken])
        metrics.OUTBOX_PENDING.set(await outbox.pending(connection))
    return len(taken)
