"""The one place that wires the ingestion service together."""

import asyncio
import os
import signal
import tempfile
from pathlib import Path

from ai2text.audio.sandbox import Sandbox, SandboxSettings
from ai2text.common import subjects
from ai2text.common.clock import utc_now
from ai2text.common.consumer import Consumer, Delivery, Work
from ai2text.common.contracts.transcription import RecordingTranscribed, TranscriptionFailed
from ai2text.common.errors import Misconfigured, Poison
from ai2text.common.http_server import listen, serve_http
from ai2text.common.jetstream import Broker, connect
from ai2text.common.object_store import ObjectStore
from ai2text.common.presence import announce_presence
from ai2text.common.run import Life, run_service
from ai2text.common.settings import CallerSettings, NatsSettings, S3Settings, load
from ai2text.ingestion.hot_folder import HotFolder
from ai2text.ingestion.http_api import build_app
from ai2text.ingestion.ingest_recording import IngestRecording
from ai2text.ingestion.ledger import Ledger
from ai2text.ingestion.receive_upload import ReceiveUpload
from ai2text.ingestion.recording import Ask
from ai2text.ingestion.settings import FolderSettings, IngestionSettings, UploadSettings
from ai2text.ingestion.sidecars import Sidecars, sweep
from ai2text.ingestion.store_recording import StoreRecording
from ai2text.ingestion.write_sidecars import WriteSidecars


def main() -> None:
    signal.signal(signal.SIGIO, signal.SIG_IGN)  # see stable_file: a read lease broken in the moment it is held
    run_service("ingestion", serve)


async def serve(life: Life) -> None:
    settings, folder_settings, callers = load(IngestionSettings), load(FolderSettings), load(CallerSettings)
    store = ObjectStore(load(S3Settings))
    _check_folder(folder_settings.path)
    sweep(folder_settings.path)
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    ledger = Ledger(settings.state_dir / f"{folder_settings.name}.sqlite3")
    with Sandbox(load(SandboxSettings)) as sandbox:
        # Uploads in progress: not in a /tmp that may be memory. Set after the sandbox has made its socket, whose
        # path has to be short.
        tempfile.tempdir = str(settings.state_dir)
        async with connect(load(NatsSettings), "ingestion", life.end) as broker:
            sidecars = Sidecars(folder_settings.path, folder_settings.extensions)
            write = WriteSidecars(store, ledger, sidecars)
            storing = StoreRecording(settings, store, sandbox, utc_now)
            ingest = IngestRecording(_ask(folder_settings), storing, broker, ledger, sidecars, utc_now)
            folder = HotFolder(folder_settings, ledger, ingest, write, settings.workers)
            consumer = _sidecar_consumer(broker, folder_settings.name, write)
            life.probes.ready_when("nats", lambda: broker.connected)
            life.probes.ready_when("consumer", lambda: not consumer.halted)
            uploads = ReceiveUpload(load(UploadSettings), storing, broker)
            app = build_app([folder], uploads, callers.key.get_secret_value())
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(folder.run(life.stop))
                tasks.create_task(consumer.run(life.stop))
                tasks.create_task(announce_presence(broker, "ingestion", life))
                tasks.create_task(serve_http(app, listen(settings.host, settings.port), life.stop))
    ledger.close()


def _check_folder(path: Path) -> None:
    if not path.is_dir() or not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        raise Misconfigured(f"AI2TEXT_FOLDER_PATH: {path} is no folder that can be read and written.")


def _ask(folder: FolderSettings) -> Ask:
    return Ask(
        tenant=folder.tenant,
        place=folder.name,
        model=folder.model,
        lane=folder.lane,
        options=folder.options,
        tags=folder.tags,
    )


def _sidecar_consumer(broker: Broker, folder: str, write: WriteSidecars) -> Consumer:
    async def handle(delivery: Delivery) -> None:
        event = delivery.event
        if not isinstance(event, RecordingTranscribed | TranscriptionFailed):
            raise Poison("unexpected_event", f"No sidecar follows from {type(event).__name__}.")
        await write.write_sidecars(event.recording_id, event.outcome_key)

    durable = subjects.ingestion_durable(folder)
    return Consumer(broker, Work(stream=subjects.EVENTS, durables=(durable,), handle=handle))
