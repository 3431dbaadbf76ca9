"""The files that a version has of its own, in the object store. Blocking."""

import hashlib
from collections.abc import Iterator

from ai2text.common.errors import ObjectChanged
from ai2text.common.object_store import ObjectStore
from ai2text.training_orchestrator import dataset
from ai2text.training_orchestrator.dataset import Claim, DatasetFile, VersionOutcome
from ai2text.training_orchestrator.hashed_file import HashedFile
from ai2text.training_orchestrator.versions import Versions

MANIFEST_TYPE = "application/octet-stream"
BLOCK_BYTES = 1 << 20


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

    def blocks(self, file: DatasetFile) -> Iterator[bytes]:
        """Raises ObjectChanged when it is no longer what is listed."""
        digest = hashlib.sha256()
        for offset in range(0, file.bytes, BLOCK_BYTES):
            block = self._store.read(file.key, offset, min(BLOCK_BYTES, file.bytes - offset))
            digest.update(block)
            yield block
        if digest.hexdigest() != file.sha256:
            raise ObjectChanged(f"{file.key} has not the hash that it is listed with.")

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
    return {outcome.references_key, *(file.key for file in outcome.files if with_files)}
