"""A watched bucket. Notifications are hints; listing all of it and comparing with the ledger is the truth."""

import asyncio
from dataclasses import dataclass

import nats.errors
import structlog
from nats.aio.msg import Msg

from ai2text.common.bucket_settings import Bucket
from ai2text.common.clock import stopped_within
from ai2text.common.errors import Ai2TextError, ObjectChanged, ObjectNotFound, Refused, Unavailable
from ai2text.common.jetstream import Broker
from ai2text.common.object_store import ObjectStore
from ai2text.ingestion.bucket_ledger import BucketLedger
from ai2text.ingestion.bucket_notification import hinted_keys
from ai2text.ingestion.bucket_objects import takes
from ai2text.ingestion.compare_bucket import compare_bucket
from ai2text.ingestion.ingest_object import IngestObject
from ai2text.ingestion.ledger import Stage
from ai2text.ingestion.write_object_sidecars import WriteObjectSidecars

log = structlog.get_logger()

REPAIRS_PER_LISTING = 200
RETRY_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketStatus:
    """How far the bucket has come; `reconciled` is false until it was listed once from end to end."""

    name: str
    reconciled: bool
    away: bool
    working: int
    awaiting_sidecars: int


class BucketWatch:
    """Owns what is known of the bucket; nothing else moves its objects on."""

    def __init__(
        self,
        bucket: Bucket,
        watched: ObjectStore,
        ledger: BucketLedger,
        ingest: IngestObject,
        sidecars: WriteObjectSidecars,
        workers: int,
    ) -> None:
        self.bucket = bucket
        self._watched = watched
        self._ledger = ledger
        self._ingest = ingest
        self._sidecars = sidecars
        self._workers = workers
        self._queue: asyncio.Queue[str | None] = asyncio.Queue()
        self._waiting: set[str] = set()
        self._working: set[str] = set()
        self._again: set[str] = set()
        self._hurry = asyncio.Event()
        self._reconciled = False
        self._away = False

    def status(self) -> BucketStatus:
        return BucketStatus(
            name=self.bucket.name,
            reconciled=self._reconciled,
            away=self._away,
            working=len(self._waiting | self._working),
            awaiting_sidecars=self._ledger.count_waiting(),
        )

    def notify(self, payload: bytes) -> None:
        """Looks at whatever the notification names. Raises Refused when it is none."""
        for key in hinted_keys(payload, self.bucket.bucket):
            if takes(self.bucket, key):
                self._look_at(key)

    async def run(self, broker: Broker, stop: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as tasks:
            for _ in range(self._workers):
                tasks.create_task(self._work(stop))
            tasks.create_task(self._list_again(stop))
            if self.bucket.nats_subject:
                tasks.create_task(self._listen(broker, self.bucket.nats_subject, stop))
            await stop.wait()
            self._hurry.set()
            for _ in range(self._workers):
                self._queue.put_nowait(None)

    async def _listen(self, broker: Broker, subject: str, stop: asyncio.Event) -> None:
        """Core NATS hears what goes into a stream, too; what was said while nobody listened, the listing finds."""
        subscription = await broker.client.subscribe(subject, cb=self._on_message)
        await stop.wait()
        try:
            await subscription.unsubscribe()
        except nats.errors.Error as exc:
            log.debug("unsubscribing_failed", error=repr(exc))

    async def _on_message(self, message: Msg) -> None:
        try:
            self.notify(message.data)
        except Refused as exc:
            log.warning("notification_unreadable", bucket=self.bucket.name, detail=exc.detail)

    def _look_at(self, key: str) -> None:
        if key in self._working:
            self._again.add(key)
        elif key not in self._waiting:
            self._waiting.add(key)
            self._queue.put_nowait(key)

    async def _work(self, stop: asyncio.Event) -> None:
        while (key := await self._queue.get()) is not None and not stop.is_set():
            self._waiting.discard(key)
            if key in self._working:
                self._again.add(key)
                continue
            self._working.add(key)
            try:
                await self._take_in(key, stop)
            finally:
                self._working.discard(key)
            if key in self._again:
                self._again.discard(key)
                self._look_at(key)

    async def _take_in(self, key: str, stop: asyncio.Event) -> None:
        try:
            await self._go_on_with(key)
        except ObjectNotFound:
            log.debug("object_gone", key=key)
        except ObjectChanged as exc:
            log.info("object_not_still", key=key, detail=str(exc))
            self._again.add(key)
            await stopped_within(stop, RETRY_SECONDS / 4)
        except Unavailable as exc:
            self._say_away(exc)  # the next listing finds it again
        except Ai2TextError:
            log.exception("object_failed", key=key)  # likewise
        else:
            self._say_back()

    async def _go_on_with(self, key: str) -> None:
        seen = await asyncio.to_thread(self._watched.stat, key)
        entry = self._ledger.get(key)
        if entry and entry.etag == seen.etag:
            await self._ingest.go_on(entry, seen)
        else:
            await self._ingest.ingest_object(seen)

    async def _list_again(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            self._hurry.clear()
            try:
                await self._reconcile()
            except Unavailable as exc:
                self._say_away(exc)
            except Ai2TextError:
                log.exception("listing_failed", bucket=self.bucket.name)  # of one object; the next one goes on
            else:
                if not self._waiting | self._working:
                    self._say_back()
            await self._pause(stop)

    async def _pause(self, stop: asyncio.Event) -> None:
        """Until the next listing, which comes soon when a server was away."""
        try:
            await asyncio.wait_for(self._hurry.wait(), self.bucket.list_seconds)
        except TimeoutError:
            return
        await stopped_within(stop, RETRY_SECONDS)

    def _say_away(self, error: Unavailable) -> None:
        """Once, and not for each object."""
        if not self._away:
            log.warning("bucket_away", bucket=self.bucket.name, error=str(error))
        self._away = True
        self._hurry.set()

    def _say_back(self) -> None:
        if self._away:
            log.info("bucket_back", bucket=self.bucket.name)
            self._away = False

    async def _reconcile(self) -> None:
        found = await asyncio.to_thread(compare_bucket, self.bucket, self._watched, self._ledger)
        for key in found.due:
            self._look_at(key)
        for key in found.gone:
            if key not in self._working:
                await asyncio.to_thread(self._ledger.forget, key)
        for key in found.without_sidecar:
            await self._restore(key)
        for entry in await asyncio.to_thread(self._ledger.waiting, REPAIRS_PER_LISTING):
            await self._help_on_sidecars(entry.key)
        if not self._reconciled:
            log.info("bucket_reconciled", bucket=self.bucket.name)
        self._reconciled = True

    async def _restore(self, key: str) -> None:
        """What we wrote has gone: written again from the store; a refusal is decided again."""
        entry = await asyncio.to_thread(self._ledger.get, key)
        if entry is None or self._is_under_way(key):
            return
        log.info("sidecar_missing", key=key)
        if entry.stage is Stage.REFUSED:
            await asyncio.to_thread(self._ledger.forget, key)
            self._look_at(key)
        else:
            await self._sidecars.repair(entry)

    async def _help_on_sidecars(self, key: str) -> None:
        """What a crash, or a lost message, left between two steps."""
        entry = self._ledger.get(key)
        if entry is None or self._is_under_way(key):
            return
        if entry.stage is Stage.STORED:
            await self._ingest.announce_again(entry)
        await self._sidecars.repair(entry)

    def _is_under_way(self, key: str) -> bool:
        return key in self._working or key in self._waiting
