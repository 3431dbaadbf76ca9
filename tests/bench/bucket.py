"""How soon an object is announced after its notification.

Real NATS and SeaweedFS; the notifications are published by this script in MinIO's form, for SeaweedFS sends none. It is
compared with what a listing would need: half of its interval on average, all of it at worst.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from nats.aio.msg import Msg

from ai2text.audio.sandbox import Sandbox, SandboxSettings
from ai2text.cli import servers
from ai2text.common import subjects
from ai2text.common.bucket_settings import Bucket
from ai2text.common.clock import utc_now
from ai2text.common.contracts.codec import decode
from ai2text.common.contracts.recordings import RecordingIngested
from ai2text.common.jetstream import Broker, connect
from ai2text.common.object_store import ObjectStore
from ai2text.common.settings import S3Settings
from ai2text.common.topology import set_up
from ai2text.ingestion.settings import IngestionSettings
from ai2text.ingestion.store_recording import StoreRecording
from ai2text.ingestion.surroundings import Surroundings
from ai2text.ingestion.watched_buckets import watched_buckets
from tests.bench.table import Figure, Row
from tests.fixtures.no_catalogue import no_catalogue
from tests.fixtures.notifications import notification
from tests.fixtures.servers import nats_settings_of, running, s3_settings_of
from tests.fixtures.stack import SAMPLES

OBJECTS = 50
SUBJECT = "minio.events"
WATCHED = Bucket(name="archive", bucket="archive", nats_subject=SUBJECT, list_seconds=3600)
WAV = (SAMPLES / "01-the-weather-is-here.wav").read_bytes()


def run() -> list[Row]:
    with (
        running(servers.nats, "nats") as nats,
        running(servers.s3, "s3") as s3,
        Sandbox(SandboxSettings()) as sandbox,
        tempfile.TemporaryDirectory(prefix="ai2text-bench-") as state,
    ):
        own = s3_settings_of(s3)
        for bucket in (own.bucket, WATCHED.bucket):
            ObjectStore(own.model_copy(update={"bucket": bucket})).make_ready()

        async def measured() -> list[float]:
            async with connect(nats_settings_of(nats), "bench") as broker:
                return await _measure(broker, own, sandbox, Path(state))

        seconds = sorted(asyncio.run(measured()))
    return [
        _row("one after the other, after the notification", seconds),
        Row(
            name="computed: by listing every 300 s alone",
            figures=[Figure("median", "150 s"), Figure("p95", "285 s"), Figure("worst", "300 s")],
        ),
    ]


async def _measure(broker: Broker, own: S3Settings, sandbox: Sandbox, state: Path) -> list[float]:
    await set_up(broker, (WATCHED.name,))
    store = ObjectStore(own)
    settings = IngestionSettings(state_dir=state)
    storing = StoreRecording(settings, store, sandbox, utc_now)
    around = Surroundings(
        settings=settings, s3=own, store=store, storing=storing, broker=broker, catalogue=no_catalogue()
    )
    archive = ObjectStore(own.model_copy(update={"bucket": WATCHED.bucket}))
    stop, heard = asyncio.Event(), asyncio.Queue[tuple[str, float]]()
    await broker.client.subscribe(subjects.RECORDING_INGESTED, cb=_noting(heard))
    with watched_buckets((WATCHED,), around) as (wired,):
        watching = asyncio.create_task(wired.watch.run(broker, stop))
        seconds = [await _one(number, archive, broker, heard) for number in range(-3, OBJECTS)][3:]
        stop.set()
        await watching
    return seconds


async def _one(number: int, archive: ObjectStore, broker: Broker, heard: asyncio.Queue[tuple[str, float]]) -> float:
    name = f"{number}.wav"
    await asyncio.to_thread(archive.put, name, WAV + b"\0\0" * (number + 4))
    began = time.monotonic()
    await broker.client.publish(SUBJECT, notification(WATCHED.bucket, name))
    announced, at = await heard.get()
    if announced != name:
        raise RuntimeError(f"{announced} was announced instead of {name}.")
    return at - began


def _noting(heard: asyncio.Queue[tuple[str, float]]) -> Callable[[Msg], Awaitable[None]]:
    async def note(message: Msg) -> None:
        heard.put_nowait((decode(RecordingIngested, message.data).source.name, time.monotonic()))

    return note


def _row(name: str, seconds: list[float]) -> Row:
    return Row(
        name=name,
        figures=[
            Figure("median", f"{statistics.median(seconds):.3f} s"),
            Figure("p95", f"{seconds[int(len(seconds) * 0.95)]:.3f} s"),
            Figure("worst", f"{seconds[-1]:.3f} s"),
        ],
    )
