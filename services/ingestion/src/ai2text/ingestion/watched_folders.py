"""The hot folders, each wired with what it needs."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass

from ai2text.common.clock import utc_now
from ai2text.common.consumer import Consumer
from ai2text.common.sources import Folder
from ai2text.ingestion.admission import Admission
from ai2text.ingestion.dispose import Dispose
from ai2text.ingestion.erase_files import EraseFiles
from ai2text.ingestion.folder_files import FolderFiles
from ai2text.ingestion.hot_folder import HotFolder
from ai2text.ingestion.ingest_recording import IngestRecording
from ai2text.ingestion.ledger import Ledger
from ai2text.ingestion.read_shown_text import ReadShownText
from ai2text.ingestion.scan import Scan
from ai2text.ingestion.sidecar_consumer import sidecar_consumer
from ai2text.ingestion.sidecars import Sidecars, sweep
from ai2text.ingestion.surroundings import Surroundings
from ai2text.ingestion.write_sidecars import WriteSidecars


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedFolder:
    folder: HotFolder
    consumer: Consumer
    """Of the facts, from which its sidecars follow, and what goes."""


@contextmanager
def watched_folders(
    folders: tuple[Folder, ...], around: Surroundings, admission: Admission
) -> Iterator[list[WatchedFolder]]:
    """Their ledgers are open inside."""
    with ExitStack() as ledgers:
        watched = []
        for folder in folders:
            ledger = Ledger(around.settings.state_dir / f"{folder.name}.sqlite3")
            ledgers.enter_context(closing(ledger))
            watched.append(wired(folder, around, ledger, admission))
        yield watched


def wired(folder: Folder, around: Surroundings, ledger: Ledger, admission: Admission) -> WatchedFolder:
    root = folder.path.resolve()
    sweep(root)
    sidecars = Sidecars(root, folder.extensions, folder.sidecars)
    dispose = Dispose(root, ledger, around.store, sidecars)
    texts = ReadShownText(around.store, around.catalogue, folder.tenant)
    write = WriteSidecars(ledger, texts, sidecars, dispose)
    ingest = IngestRecording(
        folder, around.storing, around.broker, ledger, sidecars, dispose, admission.places, utc_now
    )
    scan = Scan(root, FolderFiles(folder))
    hot_folder = HotFolder(folder, ledger, scan, ingest, write, dispose, admission)
    erase = EraseFiles(scan, ledger, sidecars, dispose)
    consumer = sidecar_consumer(around.broker, folder.name, write.write_sidecars, erase.erase_files)
    return WatchedFolder(folder=hot_folder, consumer=consumer)
