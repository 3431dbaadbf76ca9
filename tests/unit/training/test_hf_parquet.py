"""Parquet files that pyarrow reads as they were meant, whatever is in them."""

import io
import json
import tracemalloc
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai2text.common.contracts.definition import Definition
from ai2text.common.errors import Refused
from ai2text.training_orchestrator.formats import hf_parquet, parquet
from ai2text.training_orchestrator.formats.packing import Audio, Shard
from ai2text.training_orchestrator.rows import Row, rows_of
from tests.fixtures.packed_audio import audio, sound
from tests.fixtures.transcribed import transcribed

(ROW,) = rows_of(transcribed("a"), Definition(name="x"))
SHARD = Shard(split="train", number=0, of=12)


def packed(rows: Sequence[Row], sounds: Any = audio) -> bytes:
    ((path, blocks),) = hf_parquet.pack(SHARD, lambda: iter(rows), sounds)
    assert path == "hf-parquet/data/train-00000-of-00012.parquet"
    return b"".join(blocks)


def silence(size_bytes: int) -> Audio:
    return Audio(size_bytes=size_bytes, blocks=lambda: iter([bytes(size_bytes)]))


def read(content: bytes) -> tuple[Any, list[dict[str, Any]]]:
    file = pq.ParquetFile(io.BytesIO(content))
    table = file.read()
    table.validate(full=True)
    return file, table.to_pylist()


@given(st.lists(st.tuples(st.text(max_size=20), st.text(max_size=5), st.floats(0, 1e6)), max_size=8))
def test_pyarrow_reads_what_was_written(drawn: list[tuple[str, str, float]]) -> None:
    rows = [
        replace(ROW, id=f"r{n}", text=text, speaker=speaker, duration=duration)
        for n, (text, speaker, duration) in enumerate(drawn)
    ]
    _, found = read(packed(rows))
    assert [(one["transcription"], one["speaker"], one["duration"]) for one in found] == drawn
    assert [one["audio"] for one in found] == [{"bytes": sound(row), "path": f"{row.id}.wav"} for row in rows]
    assert {one["transcript_revision"] for one in found} <= {1}


def test_only_with_its_metadata_and_where_it_may_be_null_is_it_audio_and_no_program_is_named() -> None:
    file, _ = read(packed([ROW]))
    features = json.loads(file.schema_arrow.metadata[b"huggingface"])["info"]["features"]
    assert features["audio"] == {"_type": "Audio"}
    assert set(features) == set(file.schema_arrow.names)
    assert file.metadata.created_by == ""
    assert all(field.nullable for field in (*file.schema_arrow, *file.schema_arrow.field("audio").flatten()))


def test_row_groups_are_as_small_as_readers_want_them() -> None:
    many, _ = read(packed([replace(ROW, id=f"r{n}") for n in range(250)]))
    assert [many.metadata.row_group(n).num_rows for n in range(many.num_row_groups)] == [100, 100, 50]


@pytest.mark.lesson("L05")
def test_l05_long_audio_is_never_whole_in_memory() -> None:
    block = bytes(1 << 20)

    def long(_: Row) -> Audio:
        return Audio(size_bytes=300 << 20, blocks=lambda: (block for _ in range(300)))

    rows = [replace(ROW, id=f"r{n}") for n in range(3)]
    ((_, blocks),) = hf_parquet.pack(SHARD, lambda: iter(rows), long)
    tracemalloc.start()
    try:
        size_bytes = sum(map(len, blocks))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size_bytes > 3 * (300 << 20)
    assert peak < 1 << 20


def test_audio_is_a_row_group_as_soon_as_it_is_much() -> None:
    records = [parquet.Record(audio=silence(size), values={}) for size in (parquet.GROUP_BYTES - 1, 1, 5)]
    content = b"".join(parquet.parquet({"audio": bytes}, {}, records))
    file = pq.ParquetFile(io.BytesIO(content))
    assert [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)] == [2, 1]


def test_audio_that_no_page_can_hold_is_refused_before_it_is_read() -> None:
    with pytest.raises(Refused, match="choose"):
        packed([ROW], lambda _: Audio(size_bytes=2**31 - 40, blocks=lambda: iter([b""])))


@pytest.mark.lesson("L20")
def test_l20_no_rows_are_a_file_that_can_be_read() -> None:
    file, found = read(packed([]))
    assert found == []
    assert file.schema_arrow.names[:2] == ["audio", "transcription"]


def test_each_split_is_named_with_its_files() -> None:
    assert b"- split: train\n        path: data/train-*.parquet\n" in hf_parquet.readme(["train"])
