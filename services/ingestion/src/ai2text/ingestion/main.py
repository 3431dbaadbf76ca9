"""The one place that wires the ingestion service together."""

import asyncio
import signal
import tempfile
from datetime import timedelta

from ai2text.audio.sandbox import Sandbox, SandboxSettings
from ai2text.common.ask import UploadSettings
from ai2text.common.bucket_settings import check_names, load_buckets
from ai2text.common.clock import utc_now
from ai2text.common.http_server import listen, serve_http
from ai2text.common.jetstream import connect
from ai2text.common.malloc import give_back_large_blocks
from ai2text.common.object_store import ObjectStore
from ai2text.common.presence import announce_presence
from ai2text.common.run import Life, run_service
from ai2text.common.settings import CallerSettings, NatsSettings, S3Settings, load
from ai2text.common.sources import load_folders
from ai2text.ingestion.admission import Admission
from ai2text.ingestion.catalogue import Catalogue, metadata_client
from ai2text.ingestion.complete_upload import CompleteUpload
from ai2text.ingestion.erase_objects import erasure_consumer
from ai2text.ingestion.http_api import build_app
from ai2text.ingestion.open_upload import OpenUpload
from ai2text.ingestion.receive_part import ReceivePart
from ai2text.ingestion.receive_upload import ReceiveUpload
from ai2text.ingestion.settings import IngestionSettings
from ai2text.ingestion.store_recording import StoreRecording
from ai2text.ingestion.store_staged import StoreStaged
from ai2text.ingestion.surroundings import Surroundings
from ai2text.ingestion.sweep_staging import SweepStaging
from ai2text.ingestion.upload_api import UploadsInParts
from ai2text.ingestion.uploads import Uploads
from ai2text.ingestion.watched_buckets import watched_buckets
from ai2text.ingestion.watched_folders import watched_folders


def main() -> None:
    give_back_large_blocks()
    signal.signal(signal.SIGIO, signal.SIG_IGN)  # see stable_file: a read lease broken in the moment it is held
    run_service("ingestion", serve)


async def serve(life: Life) -> None:
    settings, uploading, callers = load(IngestionSettings), load(UploadSettings), load(CallerSettings)
    folders, buckets, s3 = load_folders(), load_buckets(), load(S3Settings)
    check_names(folders, buckets)
    store = ObjectStore(s3)
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    with Sandbox(load(SandboxSettings)) as sandbox:
        # Uploads in progress: not in a /tmp that may be memory.
        tempfile.tempdir = str(settings.state_dir)
        async with (
            connect(load(NatsSettings), "ingestion", life.end) as broker,
            metadata_client(settings) as client,
        ):
            storing = StoreRecording(settings, store, sandbox, utc_now)
            caller_key = callers.key.get_secret_value()
            around = Surroundings(
                settings=settings,
                s3=s3,
                store=store,
                storing=storing,
                broker=broker,
                catalogue=Catalogue(client, caller_key),
            )
            admission = Admission(settings.workers, lambda: broker.connected)
            with (
                watched_folders(folders, around, admission) as in_folders,
                watched_buckets(buckets, around) as in_buckets,
            ):
                consumers = [*(each.consumer for each in in_folders), *(each.consumer for each in in_buckets)]
                consumers.append(erasure_consumer(broker, store))
                life.probes.ready_when("nats", lambda: broker.connected)
                life.probes.ready_when("store", lambda: admission.open)
                life.probes.ready_when("consumer", lambda: not any(consumer.halted for consumer in consumers))
                app = build_app(
                    [watched.folder for watched in in_folders],
                    in_buckets,
                    ReceiveUpload(uploading, storing, broker),
                    _uploads_in_parts(uploading, around),
                    caller_key,
                )
                sweep_staging = SweepStaging(store, timedelta(hours=uploading.abandoned_hours), utc_now)
                async with asyncio.TaskGroup() as tasks:
                    for in_folder in in_folders:
                        tasks.create_task(in_folder.folder.run(life.stop))
                    for in_bucket in in_buckets:
                        tasks.create_task(in_bucket.watch.run(broker, life.stop))
                    for consumer in consumers:
                        tasks.create_task(consumer.run(life.stop))
                    tasks.create_task(sweep_staging.run(life.stop))
                    tasks.create_task(announce_presence(broker, "ingestion", life))
                    tasks.create_task(serve_http(app, listen(settings.host, settings.port), life.stop))


def _uploads_in_parts(settings: UploadSettings, around: Surroundings) -> UploadsInParts:
    uploads = Uploads(around.store, timedelta(hours=settings.abandoned_hours), utc_now)
    return UploadsInParts(
        uploads=uploads,
        opening=OpenUpload(settings, around.settings, uploads, utc_now),
        parts=ReceivePart(settings, around.settings, uploads, around.store),
        completing=CompleteUpload(settings, uploads, StoreStaged(around.storing, around.store), around.broker),
        part_bytes_max=settings.part_bytes_max,
    )
