"""NeMo's tarred datasets: the rows of a shard name files of its tar, and every file is named."""

import io
import json
import re
import tarfile
from collections.abc import Iterable, Iterator
from typing import Any

from ai2text.common.contracts.datasets import TranscribedRecording
from ai2text.common.contracts.definition import Audio, Codec, Segmentation
from ai2text.training_orchestrator.formats import nemo_tarred
from ai2text.training_orchestrator.formats.packing import Shard
from ai2text.training_orchestrator.row_file import RowFile
from tests.fixtures.made_files import made
from tests.fixtures.packed_audio import audio
from tests.fixtures.transcribed import transcribed

RECORDINGS = [
    transcribed("a", [(0, 1, "One."), (1, 2.5, "Two."), (3, 4, "Three.")], container="flac"),
    transcribed("b", [(0, 2, "Four.")], container="flac"),
]
SEGMENTS = {"segmentation": Segmentation.SEGMENTS}


def everything(table: RowFile) -> Iterator[tuple[str, Iterable[bytes]]]:
    yield from nemo_tarred.pack(Shard(split="train", number=1, of=2), table.of("train"), audio)
    yield from nemo_tarred.files("train", [(0, lambda: iter(())), (1, table.of("train"))])


def packed(recordings: list[TranscribedRecording], **definition: Any) -> tuple[dict[str, bytes], list[dict[str, Any]]]:
    """What is in the tar, and the rows of its manifest."""
    found = made(everything, recordings, **definition)
    assert set(found) == {
        "nemo-tarred/train/audio_1.tar",
        "nemo-tarred/train/sharded_manifests/manifest_1.json",
        "nemo-tarred/train/tarred_audio_manifest.json",
    }
    lines = found["nemo-tarred/train/sharded_manifests/manifest_1.json"]
    assert found["nemo-tarred/train/tarred_audio_manifest.json"] == lines
    with tarfile.open(fileobj=io.BytesIO(found["nemo-tarred/train/audio_1.tar"]), mode="r:") as tar:
        opened = {member.name: tar.extractfile(member) for member in tar}
        content = {name: file.read() for name, file in opened.items() if file is not None}
    return content, [json.loads(line) for line in lines.splitlines()]


def test_each_row_names_its_file_in_the_tar_and_its_shard() -> None:
    cut = {**SEGMENTS, "audio": Audio(codec=Codec.FLAC)}
    content, rows = packed(RECORDINGS, **cut)
    assert [row["audio_filepath"] for row in rows] == list(content)
    assert len(rows) == 4
    assert {row["shard_id"] for row in rows} == {1}
    assert all(content[row["audio_filepath"]] == f"{row['row_id']} ".encode() * 300 for row in rows)
    assert not any("offset" in row or "/" in row["audio_filepath"] for row in rows)


def test_several_rows_of_one_file_have_names_from_which_nemo_finds_it() -> None:
    content, rows = packed(RECORDINGS, **SEGMENTS)
    assert sorted(content) == sorted(f"{one.recording_id}.flac" for one in RECORDINGS)
    assert {re.sub(r"-sub\d+(?=\.\w+$)", "", row["audio_filepath"]) for row in rows} == set(content)
    names = [row["audio_filepath"] for row in rows if row["recording_id"] == RECORDINGS[0].recording_id]
    assert names == [f"{RECORDINGS[0].recording_id}{sub}.flac" for sub in ("", "-sub1", "-sub2")]
    assert [row["offset"] for row in rows if row["recording_id"] == RECORDINGS[0].recording_id] == [0.0, 1.0, 3.0]
    assert not any("sampling_rate" in row for row in rows)


def test_a_shard_without_rows_can_be_read() -> None:
    assert packed([]) == ({}, [])


def test_the_same_rows_are_the_same_bytes() -> None:
    assert made(everything, RECORDINGS) == made(everything, RECORDINGS[::-1])
