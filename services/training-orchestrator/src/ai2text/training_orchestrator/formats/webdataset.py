"""WebDataset's shards: tar files in which the audio of a sample and its JSON are neighbours. No I/O here.

A key ends at its first dot, and dotted keys would merge samples: ours are ids, which have none.
"""

import json
from collections.abc import Callable, Iterable, Iterator

from ai2text.training_orchestrator.formats.packing import Audio, Packed, Shard
from ai2text.training_orchestrator.formats.tar import END, entry
from ai2text.training_orchestrator.rows import Row, Rows


def pack(shard: Shard, rows: Rows, audio: Callable[[Row], Audio]) -> Packed:
    yield f"webdataset/{shard.split}-{shard.number:06}.tar", _samples(rows(), audio)


def _samples(rows: Iterable[Row], audio: Callable[[Row], Audio]) -> Iterator[bytes]:
    for row in rows:
        sound, about = audio(row), _json(row)
        yield from entry(f"{row.id}.{row.extension}", sound.size_bytes, sound.blocks())
        yield from entry(f"{row.id}.json", len(about), [about])
    yield END


def _json(row: Row) -> bytes:
    fields = {
        "text": row.text,
        "language": row.language,
        "speaker": row.speaker,
        "duration": row.duration,
        "recording_id": row.recording_id,
        "start": row.start,
        "audio_sha256": row.audio_sha256,
        "transcript_revision": row.revision,
        "model": row.model,
        "review": row.review,
    }
    return json.dumps(fields, ensure_ascii=False).encode()
