"""Rows as NeMo's readers want them: one JSON object a line, paths relative to the manifest. No I/O here.

`sampling_rate` is left out on purpose: NeMo cuts rows short that have it beside an `offset`.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from ai2text.training_orchestrator.rows import Row


def manifest(split: str) -> str:
    """Not `.jsonl`: some of NeMo's entry points would hand that to another parser."""
    return f"{split}_manifest.json"


def lines(rows: Iterable[Row]) -> Iterator[bytes]:
    return (nemo_line(fields(row, row.audio)) for row in rows)


def nemo_line(told: dict[str, Any]) -> bytes:
    return json.dumps(told, ensure_ascii=False).encode() + b"\n"


def fields(row: Row, audio: str) -> dict[str, Any]:
    """What NeMo needs, and where the row comes from; NeMo keeps the other fields. Seconds."""
    span = {} if row.is_whole_file else {"offset": row.offset}
    speaker = {"speaker": row.speaker} if row.speaker else {}
    return {
        "audio_filepath": audio,
        **span,
        "duration": row.duration,
        "text": row.text,
        "lang": row.language,
        "language": row.language,
        **speaker,
        "row_id": row.id,
        "recording_id": row.recording_id,
        "audio_sha256": row.audio_sha256,
        "transcript_revision": row.revision,
        "model": row.model,
    }
