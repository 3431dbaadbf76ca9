"""What rows have as files of their own: cut out of recordings, or converted, and kept for every version. Blocking.

Under the recording and its life, so that its erasure finds them; with the hash of the bytes in the key, so that a
listing tells all there is to know of them.
"""

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

from ai2text.audio.ranged_reader import RangedReader
from ai2text.audio.sandbox import Sandbox
from ai2text.common.contracts import identity
from ai2text.common.contracts.definition import Codec
from ai2text.common.object_store import ObjectStore
from ai2text.training_orchestrator.archives import Archives
from ai2text.training_orchestrator.audio_spans import form_of, span_of
from ai2text.training_orchestrator.cut_audio import cut_audio
from ai2text.training_orchestrator.dataset import DatasetFile
from ai2text.training_orchestrator.hashed_file import HashedFile
from ai2text.training_orchestrator.plan import SourceAudio
from ai2text.training_orchestrator.row_paths import path_of
from ai2text.training_orchestrator.rows import Row

CONTENT_TYPES = {Codec.FLAC: "audio/flac", Codec.WAV: "audio/wav", Codec.OPUS: "audio/ogg"}
Cut = tuple[str, DatasetFile]
"""The id of a row, and its file."""


@dataclass(frozen=True, slots=True)
class CutRecordings:
    """Safe to use from several threads and by several workers."""

    store: ObjectStore
    archives: Archives
    sandbox: Sandbox

    def cut_recording(
        self, tenant: str, source: SourceAudio, rows: Sequence[Row], *, anew: bool
    ) -> Generator[Cut, None, None]:
        """Files of all `rows`, which are in the store; what was not there is made in one decoding.

        `anew` makes all of them, whatever is there. Raises ObjectNotFound, ObjectChanged, Refused,
        Unavailable.
        """
        prefix = identity.cuts_of(tenant, source.recording_id, source.life)
        found = {} if anew else dict(self._found(prefix))
        missing = list[Row]()
        for row in rows:
            if key := found.get(_place(row)):
                size_bytes, sha256 = key[1], _sha256(key[0])
                yield row.id, DatasetFile(path=path_of(row), sha256=sha256, bytes=size_bytes, key=key[0])
            else:
                missing.append(row)
        if missing:
            yield from self._made(tenant, source, missing)

    def _found(self, prefix: str) -> Iterator[tuple[str, tuple[str, int]]]:
        """Keys and sizes by where they belong."""
        for stored in self.store.written(prefix):
            yield stored.key.removeprefix(prefix).rpartition("-")[0], (stored.key, stored.size_bytes)

    def _made(self, tenant: str, source: SourceAudio, rows: Sequence[Row]) -> Iterator[Cut]:
        prefix = identity.cuts_of(tenant, source.recording_id, source.life)
        row_of = {span_of(row): row for row in rows}
        with (
            self._reader(tenant, source) as reader,
            closing(cut_audio(self.sandbox, reader, list(row_of), form_of(rows[0]))) as made,
        ):
            for span, written in made:
                row = row_of[span]
                yield row.id, self._kept(f"{prefix}{_place(row)}-{written.sha256}.{row.extension}", row, written)

    def _reader(self, tenant: str, source: SourceAudio) -> RangedReader:
        if source.etag is None:
            return RangedReader(self.store, source.file.key, source.file.bytes)
        place = self.archives.find(tenant, source.file.key)
        return RangedReader(place.store, place.key, source.file.bytes, source.etag)

    def _kept(self, key: str, row: Row, written: HashedFile) -> DatasetFile:
        if not self.store.exists(key):
            written.file.seek(0)
            self.store.put_verified(key, written.file, written.size_bytes, written.sha256, CONTENT_TYPES[row.codec])
        return DatasetFile(path=path_of(row), sha256=written.sha256, bytes=written.size_bytes, key=key)

    def erase(self, tenant: str, source: SourceAudio) -> None:
        """Of a recording that was erased meanwhile."""
        for stored in self.store.list(identity.cuts_of(tenant, source.recording_id, source.life)):
            self.store.erase(stored.key)


def _place(row: Row) -> str:
    """What the file is made of, and how."""
    span = span_of(row)
    return f"{row.codec}-{row.sample_rate_hz}-{row.channels}/{span.first}-{span.beyond}"


def _sha256(key: str) -> str:
    return key.rpartition("-")[2].partition(".")[0]
