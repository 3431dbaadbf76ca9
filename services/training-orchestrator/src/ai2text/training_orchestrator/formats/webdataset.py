"""WebDataset's shards: tar files in which the audio of a sample and its JSON are neighbours. No I/O here.

A key ends at its first dot, and dotted keys would merge samples: ours are ids, which have none.
"""

import json
import tarfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from ai2text.training_orchestrator.rows import Row, Rows

SHARD_BYTES = 1 << 30
"""Of audio; the last sample of a shard may go beyond."""
END = b"\0" * (2 * tarfile.BLOCKSIZE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Audio:
    size_bytes: int
    blocks: Callable[[], Iterator[bytes]]
    """Read when it is its turn."""


def files(
    split: str, rows: Rows, audio: Callable[[Row], Audio], shard_bytes: int = SHARD_BYTES
) -> Iterator[tuple[str, Iterable[bytes]]]:
    """Each shard is read to its end before the next one is asked for."""
    shards = _Shards(rows(), audio, shard_bytes)
    number = 0
    while shards.more or not number:
        yield f"webdataset/{split}-{number:06}.tar", shards.next_shard()
        number += 1


class _Shards:
    def __init__(self, rows: Iterator[Row], audio: Callable[[Row], Audio], shard_bytes: int) -> None:
        self._rows = rows
        self._audio = audio
        self._shard_bytes = shard_bytes
        self._following = next(rows, None)

    @property
    def more(self) -> bool:
        return self._following is not None

    def next_shard(self) -> Iterator[bytes]:
        size = 0
        while (row := self._following) is not None and size < self._shard_bytes:
            audio = self._audio(row)
            yield from _entry(f"{row.id}.{row.extension}", audio.size_bytes, audio.blocks())
            about = _json(row)
            yield from _entry(f"{row.id}.json", len(about), [about])
            size += audio.size_bytes
            self._following = next(self._rows, None)
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
