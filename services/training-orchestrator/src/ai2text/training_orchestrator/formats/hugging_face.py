"""An `audiofolder` as `datasets` loads it: a folder for each split, `metadata.jsonl` beside the audio. No I/O here.

Never `metadata.csv`, of which "NA", "null" and "007" come back as nothing and 7. Every row has the same columns, and
none is null: a column of nothing but nulls would have another type in another split.
"""

import json
from collections.abc import Iterable, Iterator

from ai2text.training_orchestrator.rows import Row, Rows

FOLDER = "hf"


def files(split: str, rows: Rows) -> Iterator[tuple[str, Iterable[bytes]]]:
    yield f"{FOLDER}/{split}/metadata.jsonl", (_line(row) for row in rows())


def audio_path(row: Row) -> str:
    return f"{FOLDER}/{row.split}/{audio_name(row)}"


def audio_name(row: Row) -> str:
    return f"{row.id}.{row.extension}"


def readme(splits: Iterable[str], path: str = "{}/*") -> bytes:
    """Which files are which split; `datasets` would guess it from the names, and knows only some."""
    data_files = "".join(f"      - split: {split}\n        path: {path.format(split)}\n" for split in splits)
    return f"---\nconfigs:\n  - config_name: default\n    data_files:\n{data_files}---\n".encode()


def columns(row: Row) -> dict[str, str | float | int]:
    """Beside the audio."""
    return {
        "transcription": row.text,
        "language": row.language,
        "speaker": row.speaker or "",
        "duration": row.duration,
        "row_id": row.id,
        "recording_id": row.recording_id,
        "audio_sha256": row.audio_sha256,
        "transcript_revision": row.revision,
        "model": row.model,
        "review": str(row.review),
    }


def _line(row: Row) -> bytes:
    return json.dumps({"file_name": audio_name(row), **columns(row)}, ensure_ascii=False).encode() + b"\n"
