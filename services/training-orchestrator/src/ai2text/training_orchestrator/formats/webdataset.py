"""WebDataset's shards: tar files in which the audio of a sample and its JSON are neighbours. No I/O here.

A key ends at its first dot, and dotted keys would merge samples: ours are ids, which have none.
"""

import json
import tarfile
from collections.abc import Iterable, Iterator

from ai2text.training_orchestrator.formats.packed import AudioOf, PackedFiles, Part
from ai2text.training_orchestrator.rows import Row, Rows

END = b"\0" * (2 * tarfile.BLOCKSIZE)


def pack(part: Part, rows: Rows, audio: AudioOf) -> PackedFiles:
    yield f"webdataset/{part.split}-{part.number:06}.tar", _tar(rows(), audio)


def _tar(rows: Iterable[Row], audio: AudioOf) -> Iterator[bytes]:
    for row in rows:
        packed = audio(row)
        yield from _entry(f"{row.id}.{row.extension}", packed.size_bytes, packed.blocks())
        about = _json(row)
        yield from _entry(f"{row.id}.json", len(about), [about])
    yield END


def _entry(name: str, size_bytes: int, blocks: Iterable[bytes]) -> Iterator[bytes]:
    """With zero time and owner."""
    about = tarfile.TarInfo(name)
    about.size = size_bytes
    about.mode = 0o644
    yield about.tobuf(tarfile.USTAR_FORMAT)
    yield from blocks
    yield b"\0" * (-size_bytes % tarfile.BLOCKSIZE)


def _json(row: Row) -> bytes:
    fields = {
        "text": row.text,
        "language": row.language,
        "speaker": row.speaker,
        "duration": row.duration,
        "recording_id": row.recording_id,
        "audio_sha256": row.audio_sha256,
        "transcript_revision": row.revision,
        "model": row.model,
    }
    return json.dumps(fields, ensure_ascii=False).encode()
