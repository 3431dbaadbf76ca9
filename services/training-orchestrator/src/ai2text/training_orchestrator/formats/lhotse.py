"""lhotse's recordings, supervisions and cuts, a set for each split; sources are relative to the version. No I/O here.

`num_samples` must be what decoding gives, so it comes from the duration that ingestion measured by decoding.
"""

import gzip
import io
import json
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from ai2text.training_orchestrator.rows import Row, Rows

LEVEL = 6


def files(split: str, rows: Rows) -> Iterator[tuple[str, Iterable[bytes]]]:
    """Paths, and what is in them."""
    folder = f"lhotse/{split}"
    yield f"{folder}/recordings.jsonl.gz", compressed(_recordings(rows()))
    yield f"{folder}/supervisions.jsonl.gz", compressed(_supervision(row, row.offset) for row in rows())
    yield f"{folder}/cuts.jsonl.gz", compressed(_cut(row) for row in rows())


def compressed(documents: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    """JSON lines, with neither a time nor a name in the header."""
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", compresslevel=LEVEL, fileobj=buffer, mtime=0) as file:
        for document in documents:
            file.write(json.dumps(document, ensure_ascii=False).encode() + b"\n")
            if buffer.tell() > io.DEFAULT_BUFFER_SIZE:
                yield buffer.getvalue()
                buffer.seek(0)
                buffer.truncate()
    yield buffer.getvalue()


def _recordings(rows: Iterable[Row]) -> Iterator[dict[str, Any]]:
    return (_recording(next(own)) for _, own in groupby(rows, lambda row: row.file_id))


def _recording(row: Row) -> dict[str, Any]:
    return {
        "id": row.file_id,
        "sources": [{"type": _kind(row), "channels": _channels(row), "source": row.audio}],
        "sampling_rate": row.sample_rate_hz,
        "num_samples": row.file_samples,
        "duration": row.file_seconds,
        "channel_ids": _channels(row),
    }


def _kind(row: Row) -> str:
    """The library reads from object stores too, if its environment has smart_open."""
    return "url" if row.audio.startswith("s3://") else "file"


def _supervision(row: Row, start: float) -> dict[str, Any]:
    return {
        "id": row.id,
        "recording_id": row.file_id,
        "start": start,
        "duration": row.duration,
        "channel": _channel(row),
        "text": row.text,
        "language": row.language,
        **({"speaker": row.speaker} if row.speaker else {}),
        "custom": {
            "recording_id": row.recording_id,
            "audio_sha256": row.audio_sha256,
            "transcript_revision": row.revision,
            "model": row.model,
            "review": row.review,
            "normalisation": row.normalisation,
        },
    }


def _cut(row: Row) -> dict[str, Any]:
    """What is said in it is told from its own beginning."""
    return {
        "id": row.id,
        "start": row.offset,
        "duration": row.duration,
        "channel": _channel(row),
        "supervisions": [_supervision(row, 0.0)],
        "recording": _recording(row),
        "type": "MonoCut" if row.channels == 1 else "MultiCut",
    }


def _channels(row: Row) -> list[int]:
    return list(range(row.channels))


def _channel(row: Row) -> int | list[int]:
    """All of them: a cut of the first channel would lack what is said in the second."""
    return 0 if row.channels == 1 else _channels(row)
