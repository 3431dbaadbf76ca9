"""What was begun and never finished is removed: uploads in parts, staged objects, unfinished parts of S3's own.

Nobody begins to use an upload that has stood still for the time that is set (see `uploads`); it is swept a quarter of
that time later, so one that was being used then still is not touched.
"""

import asyncio
from datetime import datetime, timedelta

import structlog

from ai2text.common.clock import Clock, stopped_within
from ai2text.common.errors import Unavailable
from ai2text.common.object_store import ObjectStore

log = structlog.get_logger()

GRACE = 1.25
MOST_SECONDS_BETWEEN = 3600.0
OWN = ("audio", "staging")
"""Second parts of the keys under which ingestion alone writes large objects."""


class SweepStaging:
    """The use case with what it needs."""

    def __init__(self, store: ObjectStore, abandoned: timedelta, clock: Clock) -> None:
        self._store = store
        self._abandoned = abandoned
        self._clock = clock

    async def run(self, stop: asyncio.Event) -> None:
        """At the start, and then again and again."""
        while not stop.is_set():
            try:
                await asyncio.to_thread(self.sweep_staging)
            except Unavailable as exc:
                log.warning("sweep_postponed", error=str(exc))
            await stopped_within(stop, min(MOST_SECONDS_BETWEEN, self._abandoned.total_seconds() / 4))

    def sweep_staging(self) -> None:
        """Blocking. What was not reached this time is found the next time."""
        before = self._clock() - GRACE * self._abandoned
        for tenant in self._store.folders(""):
            for staged in self._store.folders(f"{tenant}staging/"):
                self._sweep(staged, before)
        for upload in list(self._store.unfinished()):
            if upload.begun_at < before and upload.key.split("/")[1:2] in [[part] for part in OWN]:
                self._store.abort(upload)
                log.info("unfinished_parts_swept", key=upload.key)

    def _sweep(self, staged: str, before: datetime) -> None:
        objects = list(self._store.list(staged))
        if any(stored.modified_at is None or stored.modified_at >= before for stored in objects):
            return
        for stored in objects:
            self._store.erase(stored.key)
        if objects:
            log.info("staged_swept", prefix=staged, objects=len(objects))
