"""The files that a version has of its own, in the object store. Blocking."""

import hashlib
import tempfile
from collections.abc import Iterable, Iterator

from ai2text.common.contracts.codec import decode
from ai2text.common.errors import ObjectChanged
from ai2text.common.object_store import ObjectStore
from ai2text.training_orchestrator import dataset
from ai2text.training_orchestrator.dataset import Claim, DatasetFile, VersionOutcome
from ai2text.training_orchestrator.hashed_file import HashedFile
from ai2text.training_orchestrator.json_lines import lines_of
from ai2text.training_orchestrator.plan import Stretch
from ai2text.training_orchestrator.versions import Versions

MANIFEST_TYPE = "application/octet-stream"
BLOCK_BYTES = 1 << 20
LINE_BYTES = 4096
"""More than a listed file ever has: names, tenants and hashes are short."""
SHORT_BYTES = 8 * LINE_BYTES


class VersionFiles:
    """Safe to use from several threads and by several workers on one version."""

    def __init__(self, store: ObjectStore, versions: Versions) -> None:
        self._store = store
        self._versions = versions

    def put(self, claim: Claim, written: HashedFile) -> str:
        """The key of the file, which is there when this returns."""
        key = dataset.file_key(claim.tenant, claim.definition.name, claim.version, written.sha256)
        if not self._store.exists(key):
            written.file.seek(0)
            self._store.put_verified(key, written.file, written.size_bytes, written.sha256, MANIFEST_TYPE)
        return key

    def write(self, claim: Claim, path: str, blocks: Iterable[bytes]) -> DatasetFile:
        """Hashed on its way through a temporary file; in the store when this returns."""
        with tempfile.TemporaryFile() as file:
            written = HashedFile(file)
            for block in blocks:
                written.write(block)
            key = self.put(claim, written)
        return DatasetFile(path=path, sha256=written.sha256, bytes=written.size_bytes, key=key)

    def stretch(self, file: DatasetFile, stretch: Stretch) -> Iterator[bytes]:
        """Some of it, unchecked: a version's own files are never written again."""
        for offset in range(stretch.offset, stretch.offset + stretch.bytes, BLOCK_BYTES):
            yield self._store.read(file.key, offset, min(BLOCK_BYTES, stretch.offset + stretch.bytes - offset))

    def blocks(self, file: DatasetFile) -> Iterator[bytes]:
        """Raises ObjectChanged when it is no longer what is listed."""
        digest = hashlib.sha256()
        for offset in range(0, file.bytes, BLOCK_BYTES):
            block = self._store.read(file.key, offset, min(BLOCK_BYTES, file.bytes - offset))
            digest.update(block)
            yield block
        if digest.hexdigest() != file.sha256:
            raise ObjectChanged(f"{file.key} has not the hash that it is listed with.")

    def audio(self, outcome: VersionOutcome) -> Iterator[DatasetFile]:
        """In the order of the paths."""
        listed = self.blocks(outcome.audio) if outcome.audio else ()
        return (decode(DatasetFile, line) for line in lines_of(listed))

    def find(self, outcome: VersionOutcome, path: str) -> DatasetFile | None:
        """Of all that is listed; a handful of short reads, however much audio there is."""
        own = next((file for file in outcome.files if file.path == path), None)
        if own or outcome.audio is None:
            return own
        lines = self._lines_around(outcome.audio, path)
        return next((file for file in lines if file.path == path), None)

    def _lines_around(self, listing: DatasetFile, path: str) -> Iterator[DatasetFile]:
        """Halves the listing until it is short; a line that begins in what is left is read to its end."""
        first, last = 0, listing.bytes
        while last - first > SHORT_BYTES:
            middle = (first + last) // 2
            start, line = self._line_after(listing, middle)
            if decode(DatasetFile, line).path <= path:
                first = start
            else:
                last = start
        content = self._store.read(listing.key, first, min(last + LINE_BYTES, listing.bytes) - first)
        return (decode(DatasetFile, line) for line in content.split(b"\n")[: content.count(b"\n")])

    def _line_after(self, listing: DatasetFile, offset: int) -> tuple[int, bytes]:
        """Where the next line begins, and the line."""
        content = self._store.read(listing.key, offset, min(2 * LINE_BYTES, listing.bytes - offset))
        _, line, *_ = content.split(b"\n")
        return offset + content.index(b"\n") + 1, line

    def erase_leftovers(self, tenant: str, name: str, version: int) -> None:
        """What the outcome that stands does not list: of a worker that died or came second.

        Of a version that was withdrawn everything but the references, which are ids alone. Whoever writes files looks
        here afterwards, and whoever withdraws looks here after the mark: so one of the two sees what the other did.
        """
        outcome = self._versions.find_outcome(tenant, name, version)
        if outcome is None:
            return
        kept = _keys(outcome, with_files=self._versions.find_withdrawal(tenant, name, version) is None)
        for found in self._store.list(dataset.files_prefix(tenant, name, version)):
            if found.key not in kept:
                self._store.erase(found.key)


def _keys(outcome: VersionOutcome, *, with_files: bool) -> set[str | None]:
    files = (*outcome.files, *([outcome.audio] if outcome.audio else [])) if with_files else ()
    sources = {outcome.sources_key} if with_files else set()
    return {outcome.references_key, *sources, *(file.key for file in files)}
