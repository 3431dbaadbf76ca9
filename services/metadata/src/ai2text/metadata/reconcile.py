"""What was lost on the way is found again: by looking at what should be, from time to time."""

import asyncio
import time

import structlog

from ai2text.common.clock import stopped_within
from ai2text.common.errors import Unavailable
from ai2text.metadata.apply_retention import apply_retention
from ai2text.metadata.erase_recording import EraseRecording
from ai2text.metadata.reconcile_bucket import ReconcileBucket
from ai2text.metadata.reconcile_jobs import ReconcileJobs
from ai2text.metadata.settings import MetadataSettings

log = structlog.get_logger()


async def reconcile(
    bucket: ReconcileBucket,
    jobs: ReconcileJobs,
    erasing: EraseRecording,
    settings: MetadataSettings,
    stop: asyncio.Event,
) -> None:
    """Runs until `stop`: the bucket at the start and seldom, jobs, erasures and what is kept for too long often."""
    bucket_due = time.monotonic()
    while not stop.is_set():
        try:
            if time.monotonic() >= bucket_due:
                await bucket.reconcile_bucket()
                bucket_due = time.monotonic() + settings.reconcile_bucket_seconds
            await jobs.reconcile_jobs()
            await erasing.erase_again(settings.erase_again_seconds)
            await apply_retention(erasing)
        except Unavailable as exc:
            log.warning("reconciliation_postponed", error=str(exc))
        await stopped_within(stop, settings.reconcile_jobs_seconds)
