"""What becomes of a file whose recording is durable and announced: kept, moved or deleted.

The intention is on disk before the file moves, so that after a crash it is known where the file went. A file that
was exchanged in the last moment is put back; nothing of somebody else's is ever replaced.
"""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath
from threading import RLock
from uuid import uuid4

import structlog

from ai2text.common.contracts.codec import decode
from ai2text.common.contracts.reason import Reason
from ai2text.common.contracts.recordings import RecordingIngested
from ai2text.common.errors import ObjectChanged, ObjectNotFound, StoreUnavailable
from ai2text.common.object_store import ObjectStore
from ai2text.ingestion.file_system import rename_new
from ai2text.ingestion.folder_files import DONE, REJECTED
from ai2text.ingestion.ledger import Disposal, Entry, Ledger
from ai2text.ingestion.names import to_name, to_path, with_ending
from ai2text.ingestion.recording import OWN_PREFIX, Signature
from ai2text.ingestion.sidecars import FolderFull, Sidecars
from ai2text.ingestion.stable_file import BLOCK_BYTES, signature_of

log = structlog.get_logger()

NUMBERS = 10_000


class Dispose:
    """Blocking; of one folder. `lock` also keeps whoever writes beside a file from writing where it no longer is."""

    def __init__(self, root: Path, ledger: Ledger, store: ObjectStore, sidecars: Sidecars) -> None:
        self.lock = RLock()
        self._root = root
        self._ledger = ledger
        self._store = store
        self._sidecars = sidecars

    def dispose(self, entry: Entry) -> Entry:
        """The entry as it is now; may be repeated after a crash at any point. Raises Unavailable, FolderFull."""
        with self.lock:
            current = self._ledger.get(entry.name)
            if current is None or current.signature != entry.signature:
                return entry  # somebody was faster
            try:
                match current.disposal:
                    case Disposal.MOVE:
                        return self._move(current)
                    case Disposal.DELETE:
                        return self._delete(current)
            except OSError as exc:
                raise FolderFull(f"{entry.name} cannot be moved or deleted: {exc.strerror}") from exc
        return current

    def erase(self, entry: Entry) -> None:
        """The file itself, wherever it lies, if it still is what was taken in. Raises OSError, Unavailable."""
        with self.lock:
            if entry.disposal is Disposal.MOVE and entry.target is not None:
                entry = self._move(entry)  # to its end, for it may lie at either
            self._remove(entry)

    def reject(self, name: str, signature: Signature, reason: Reason) -> str:
        """Moves a refused file away, its reason first; returns where to. Raises ObjectChanged, FolderFull."""
        with self.lock:
            try:
                return self._reject(name, signature, reason)
            except OSError as exc:
                raise FolderFull(f"{name} cannot be moved: {exc.strerror}") from exc

    def _reject(self, name: str, signature: Signature, reason: Reason) -> str:
        for target in self._targets(REJECTED, name):
            self._make_folder(self._path(target).parent)
            if not self._sidecars.write_reason(target, reason, of=name):
                continue
            log.debug("reason_written", name=name)
            try:
                self._rename(name, target, signature)
            except FileExistsError:
                continue
            return target
        raise ObjectChanged(f"{name}: every name below {REJECTED} is taken.")

    def _move(self, entry: Entry) -> Entry:
        if entry.target is None or not self.is_at(entry.target, entry.signature):
            moved = self._moved(entry)
            if moved is None:
                return entry
            entry = moved
        log.debug("file_moved", name=entry.name, to=entry.target)
        name = str(entry.target)
        settled = replace(entry, disposal=Disposal.FINISHED, target=None)
        self._ledger.rename(settled, name)
        log.info("recording_moved", name=entry.name, to=name)
        return replace(settled, name=name)

    def _moved(self, entry: Entry) -> Entry | None:
        """None when the owner was faster, so that there is nothing to move."""
        if not self.is_at(entry.name, entry.signature):
            if entry.target is None:
                return None
            return entry  # moved already, and taken from there by its owner
        for target in self._targets(DONE, entry.name):
            intended = replace(entry, target=target)
            self._ledger.put_durably(intended)
            log.debug("move_intended", name=entry.name, to=target)
            try:
                self._rename(entry.name, target, entry.signature)
            except FileExistsError:
                continue
            except ObjectChanged:
                self._ledger.put(replace(entry, target=None))
                return None
            return intended
        return None

    def _delete(self, entry: Entry) -> Entry:
        if entry.target is None and self.is_at(entry.name, entry.signature):
            self._verify_copy(entry)
        self._remove(entry)
        settled = replace(entry, disposal=Disposal.FINISHED, target=None)
        self._ledger.put(settled)
        log.info("recording_deleted", name=entry.name)
        return settled

    def _remove(self, entry: Entry) -> None:
        """By way of a hidden name, so that it is looked at once more where nobody else can exchange it."""
        hidden = entry.target
        if hidden is None and self.is_at(entry.name, entry.signature):
            hidden = to_name(str(PurePosixPath(to_path(entry.name)).with_name(f"{OWN_PREFIX}{uuid4().hex}.gone")))
            self._ledger.put_durably(replace(entry, target=hidden))
            log.debug("deletion_intended", recording_id=entry.recording_id)
        if hidden is not None and not self.is_at(hidden, entry.signature):
            try:
                self._rename(entry.name, hidden, entry.signature)
            except (FileNotFoundError, ObjectChanged):
                log.info("deletion_skipped", recording_id=entry.recording_id)  # its owner was faster
        if hidden is not None and self.is_at(hidden, entry.signature):
            self._path(hidden).unlink()
        log.debug("file_deleted", recording_id=entry.recording_id)

    def _rename(self, name: str, target: str, expected: Signature) -> None:
        """Raises ObjectChanged when what was moved was another file, which is put back."""
        source, place = self._path(name), self._path(target)
        self._make_folder(place.parent)
        rename_new(source, place)
        if signature_of(place) != expected:
            self._put_back(place, name)
            raise ObjectChanged(f"{name} is no longer what it was.")

    def _put_back(self, place: Path, name: str) -> None:
        """Under its own name or, where yet another file stands there by now, with a number."""
        for free in self._targets("", name):
            try:
                rename_new(place, self._path(free))
            except FileExistsError:
                continue
            return

    def _make_folder(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        if folder.resolve() != folder:
            raise NotADirectoryError(0, f"a link leads out of {self._root}", str(folder))

    def _targets(self, below: str, name: str) -> Iterator[str]:
        """Free names, best first: the path itself, then with a number before the ending."""
        path = PurePosixPath(below) / to_path(name)
        for number in range(NUMBERS):
            numbered = with_ending(str(path.with_suffix("")), f"-{number}{path.suffix}") if number else str(path)
            if not os.path.lexists(self._root / numbered):
                yield to_name(numbered)

    def is_at(self, name: str, signature: Signature) -> bool:
        return signature_of(self._path(name)) == signature

    def _path(self, name: str) -> Path:
        return self._root / to_path(name)

    def _verify_copy(self, entry: Entry) -> None:
        """Reads the stored audio back: what is deleted here must be whole there."""
        try:
            facts = decode(RecordingIngested, self._store.get(str(entry.facts_key)))
            etag = self._store.stat(facts.audio_key).etag
        except ObjectNotFound as exc:
            raise StoreUnavailable("There is no copy (any more); the file is kept.") from exc
        digest = hashlib.sha256()
        for offset in range(0, facts.size_bytes, BLOCK_BYTES):
            length = min(BLOCK_BYTES, facts.size_bytes - offset)
            digest.update(self._store.read(facts.audio_key, offset, length, etag))
        if digest.hexdigest() != facts.sha256:
            raise StoreUnavailable(f"{facts.audio_key} is not what was stored there; the file is kept.")
