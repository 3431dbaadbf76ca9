"""How much audio waits, as numbers by which workers are scaled, of all tenants; and how the pools fare."""

import asyncio

import structlog

from ai2text.common import metrics
from ai2text.common.clock import stopped_within
from ai2text.common.errors import Unavailable
from ai2text.metadata import activity
from ai2text.metadata.postgres.pool import Database

log = structlog.get_logger()

EVERY_SECONDS = 10.0


async def measure_backlog(database: Database, stop: asyncio.Event) -> None:
    """Runs until `stop`; while the database is away the numbers stay what they were."""
    while not stop.is_set():
        for role, numbers in database.numbers().items():
            for name, number in numbers.items():
                metrics.POSTGRES_POOL.labels(role, name).set(number)
        try:
            await _measure(database)
        except Unavailable as exc:
            log.warning("backlog_unknown", error=str(exc))
        await stopped_within(stop, EVERY_SECONDS)


async def _measure(database: Database) -> None:
    async with database.transaction() as connection:
        await activity.fold_counts(connection)
        lanes = await activity.backlog(connection, None)
    for lane, waiting in lanes.items():
        metrics.BACKLOG_JOBS.labels(lane).set(waiting["jobs"])
        metrics.BACKLOG_AUDIO_SECONDS.labels(lane).set(waiting["audio_seconds"])
