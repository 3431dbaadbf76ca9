"""Parquet files with the audio in them, as `datasets` and the Hub load them. No I/O here.

Only with `huggingface` in the schema's metadata is the column read as audio.
"""

import json
from collections.abc import Callable, Iterable, Iterator

from ai2text.training_orchestrator.formats import hugging_face
from ai2text.training_orchestrator.formats.packing import Audio, Packed, Shard
from ai2text.training_orchestrator.formats.parquet import Kind, Record, parquet
from ai2text.training_orchestrator.rows import Row, Rows

FOLDER = "hf-parquet"
COLUMNS: dict[str, Kind] = {
    "transcription": str,
    "language": str,
    "speaker": str,
    "duration": float,
    "row_id": str,
    "recording_id": str,
    "audio_sha256": str,
    "transcript_revision": int,
    "model": str,
    "review": str,
}
DTYPES: dict[Kind, str] = {str: "string", float: "float64", int: "int64"}
FEATURES = {
    "audio": {"_type": "Audio"},
    **{name: {"dtype": DTYPES[kind], "_type": "Value"} for name, kind in COLUMNS.items()},
}
METADATA = {"huggingface": json.dumps({"info": {"features": FEATURES}})}


def pack(shard: Shard, rows: Rows, audio: Callable[[Row], Audio]) -> Packed:
    path = f"{FOLDER}/data/{shard.split}-{shard.number:05}-of-{shard.of:05}.parquet"
    columns: dict[str, Kind] = {"audio.bytes": bytes, "audio.path": str, **COLUMNS}
    yield path, parquet(columns, METADATA, _records(rows(), audio))


def readme(splits: Iterable[str]) -> bytes:
    return hugging_face.readme(splits, "data/{}-*.parquet")


def _records(rows: Iterable[Row], audio: Callable[[Row], Audio]) -> Iterator[Record]:
    return (
        Record(audio=audio(row), values={"audio.path": hugging_face.audio_name(row), **hugging_face.columns(row)})
        for row in rows
    )
