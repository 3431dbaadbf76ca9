"""Objects written beside an object. Nobody else's is ever overwritten."""

from collections.abc import Collection, Mapping
from pathlib import PurePosixPath
from threading import Lock

import structlog

from ai2text.common.bucket_settings import Bucket
from ai2text.common.contracts.codec import encode
from ai2text.common.contracts.reason import Reason
from ai2text.common.errors import ObjectNotFound, StoreDenied
from ai2text.common.object_store import ObjectStore
from ai2text.ingestion.recording import reason_content, reason_name, sidecar_names
from ai2text.ingestion.sidecars import CONTENT, Intend, Text, digest_of

log = structlog.get_logger()

SIDECAR_MOST_BYTES = 64 << 20
"""What is larger is somebody else's."""
Written = dict[str, str]
"""Keys, and the SHA-256 of what we wrote there."""


class ObjectSidecars:
    """Blocking; `key` is always that of the recording, where it lies now.

    `lock` is held by whoever changes what stands beside an object together with what the ledger knows of it.
    """

    def __init__(self, bucket: Bucket, watched: ObjectStore) -> None:
        self.lock = Lock()
        self._bucket = bucket
        self._watched = watched

    def write_transcript(self, key: str, transcript: Text, written: Mapping[str, str], intend: Intend) -> Written:
        """What stands beside the recording now; a reason that stood there is removed.

        `intend` is told the SHA-256 of all that will be written, before it is.
        """
        name = key.rpartition("/")[2]
        folder, kept = key.removesuffix(name), Written()
        like = f"{folder}{PurePosixPath(name).stem}."
        neighbours = [found.key.rpartition("/")[2] for found in self._watched.list(like)]
        contents = {suffix: _content(suffix, transcript) for suffix in self._bucket.sidecars}
        intend(tuple(map(digest_of, contents.values())))
        for suffix, content in contents.items():
            earlier = [k for k in written if k.endswith(f".{suffix}")]
            fresh = [f"{folder}{n}" for n in sidecar_names(name, suffix, neighbours, self._bucket.extensions)]
            kept |= self._write([*earlier, *fresh], content, written)
        self.remove_reason(key, written)
        return kept

    def write_reason(self, key: str, reason: Reason, written: Mapping[str, str]) -> Written:
        if not self._bucket.sidecars:
            return {}
        return self._write([reason_name(key)], reason_content(key, reason), written)

    def remove_reason(self, key: str, written: Mapping[str, str]) -> None:
        """If it stands there as we wrote it."""
        reason = reason_name(key)
        if reason in written and self._digest_at(reason) == written[reason]:
            self._watched.delete(reason)

    def erase(self, key: str, written: Mapping[str, str], intended: Collection[str]) -> None:
        """What still is as we wrote it, or were about to, in all versions; where nothing may be deleted it is left."""
        folder, _, name = key.rpartition("/")
        known = self._bucket.extensions
        names = [n for suffix in self._bucket.sidecars for n in sidecar_names(name, suffix, (), known)]
        for each in {*written, *(f"{folder}/{n}" if folder else n for n in names)}:
            if self._digest_at(each) in {*written.values(), *intended}:
                self._erase(each)

    def _erase(self, key: str) -> None:
        try:
            self._watched.erase(key)
        except StoreDenied as exc:
            log.warning("sidecar_not_erased", bucket=self._bucket.name, error=str(exc))

    def _write(self, candidates: list[str], content: bytes, written: Mapping[str, str]) -> Written:
        """Takes the first candidate that is free, ours, or already says the same."""
        digest = digest_of(content)
        for candidate in candidates:
            standing = self._digest_at(candidate)
            if standing == digest or self._placed(candidate, content, standing, written.get(candidate)):
                return {candidate: digest}
        log.warning("sidecar_not_written", names=candidates, why="objects of somebody else stand there")
        return {}

    def _placed(self, key: str, content: bytes, standing: str | None, ours: str | None) -> bool:
        if standing is None:
            return self._watched.put_first(key, content)
        if standing != ours:
            return False
        self._watched.put(key, content, "text/plain")
        return True

    def _digest_at(self, key: str) -> str | None:
        """None when nothing stands there; something too large never has our digest."""
        try:
            found = self._watched.stat(key)
            large = found.size_bytes > SIDECAR_MOST_BYTES
            return "too large" if large else digest_of(self._watched.get(key))
        except ObjectNotFound:
            return None


def _content(suffix: str, transcript: Text) -> bytes:
    """As beside a file; `json` is all that there is to say here."""
    return encode(transcript) if suffix == "json" else CONTENT[suffix](transcript).encode()
