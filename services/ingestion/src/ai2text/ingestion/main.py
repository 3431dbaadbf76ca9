"""The one place that wires the ingestion service together."""

import asyncio
import signal
import tempfile
from contextlib import ExitStack, closing

from ai2text.audio.sandbox import Sandbox, SandboxSettings
from ai2text.common import subjects
from ai2text.common.clock import utc_now
from ai2text.common.consumer import Consumer, Delivery, Work
from ai2text.common.contracts.transcription import RecordingTranscribed, TranscriptionFailed
from ai2text.common.errors import Poison
from ai2text.common.http_server import listen, serve_http
from ai2text.common.jetstream import Broker, connect
from ai2text.common.object_store import ObjectStore
from ai2text.common.presence import announce_presence
from ai2text.common.run import Life, run_service
from ai2text.common.settings import CallerSettings, NatsSettings, S3Settings, load
from ai2text.common.sources import Folder, load_folders
from ai2text.ingestion.admission import Admission
from ai2text.ingestion.dispose import Dispose
from ai2text.ingestion.folder_files import FolderFiles
from ai2text.ingestion.hot_folder import HotFolder
from ai2text.ingestion.http_api import build_app
from ai2text.ingestion.ingest_recording import IngestRecording
from ai2text.ingestion.ledger import Ledger
from ai2text.ingestion.receive_upload import ReceiveUpload
from ai2text.ingestion.scan import Scan
from ai2text.ingestion.settings import IngestionSettings, UploadSettings
from ai2text.ingestion.sidecars import Sidecars, sweep
from ai2text.ingestion.store_recording import StoreRecording
from ai2text.ingestion.write_sidecars import WriteSidecars


def main() -> None:
    signal.signal(signal.SIGIO, signal.SIG_IGN)  # see stable_file: a read lease broken in the moment it is held
    run_service("ingestion", serve)


async def serve(life: Life) -> None:
    settings, callers, folders = load(IngestionSettings), load(CallerSettings), load_folders()
    store = ObjectStore(load(S3Settings))
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    with Sandbox(load(SandboxSettings)) as sandbox, ExitStack() as ledgers:
        # Uploads in progress: not in a /tmp that may be memory. Set after the sandbox has made its socket, whose
        # path has to be short.
        tempfile.tempdir = str(settings.state_dir)
        async with connect(load(NatsSettings), "ingestion", life.end) as broker:
            storing = StoreRecording(settings, store, sandbox, utc_now)
            admission = Admission(settings.workers, lambda: broker.connected)
            watched: list[tuple[HotFolder, Consumer]] = []
            for folder in folders:
                ledger = ledgers.enter_context(closing(Ledger(settings.state_dir / f"{folder.name}.sqlite3")))
                watched.append(wired(folder, ledger, storing, store, broker, admission))
            life.probes.ready_when("nats", lambda: broker.connected)
            life.probes.ready_when("store", lambda: admission.open)
            life.probes.ready_when("consumer", lambda: not any(consumer.halted for _, consumer in watched))
            uploads = ReceiveUpload(load(UploadSettings), storing, broker)
            app = build_app([folder for folder, _ in watched], uploads, callers.key.get_secret_value())
            async with asyncio.TaskGroup() as tasks:
                for hot_folder, consumer in watched:
                    tasks.create_task(hot_folder.run(life.stop))
                    tasks.create_task(consumer.run(life.stop))
                tasks.create_task(announce_presence(broker, "ingestion", life))
                tasks.create_task(serve_http(app, listen(settings.host, settings.port), life.stop))


def wired(
    folder: Folder,
    ledger: Ledger,
    storing: StoreRecording,
    store: ObjectStore,
    broker: Broker,
    admission: Admission,
) -> tuple[HotFolder, Consumer]:
    """A folder, and the reader of the facts that writes its sidecars."""
    root = folder.path.resolve()
    sweep(root)
    sidecars = Sidecars(root, folder.extensions, folder.sidecars)
    dispose = Dispose(root, ledger, store, sidecars)
    write = WriteSidecars(store, ledger, sidecars, dispose)
    ingest = IngestRecording(folder, storing, broker, ledger, sidecars, dispose, admission.places, utc_now)
    scan = Scan(root, FolderFiles(folder))
    hot_folder = HotFolder(folder, ledger, scan, ingest, write, dispose, admission)
    return hot_folder, _sidecar_consumer(broker, folder.name, write)


def _sidecar_consumer(broker: Broker, folder: str, write: WriteSidecars) -> Consumer:
    async def handle(delivery: Delivery) -> None:
        event = delivery.event
        if not isinstance(event, RecordingTranscribed | TranscriptionFailed):
            raise Poison("unexpected_event", f"No sidecar follows from {type(event).__name__}.")
        await write.write_sidecars(event.recording_id, event.outcome_key)

    durable = subjects.ingestion_durable(folder)
    return Consumer(broker, Work(stream=subjects.EVENTS, durables=(durable,), handle=handle))
