"""Shards that any tar reads, in which files of a sample are neighbours."""

import io
import json
import tarfile

from hypothesis import given
from hypothesis import strategies as st

from ai2text.training_orchestrator.formats import webdataset
from ai2text.training_orchestrator.formats.packed import PackedAudio, Part
from ai2text.training_orchestrator.rows import Row
from tests.fixtures.made_files import Files, made
from tests.fixtures.transcribed import transcribed


def tar(sizes: dict[str, int]) -> Files:
    def audio(row: Row) -> PackedAudio:
        size = sizes[row.recording_id]
        return PackedAudio(size_bytes=size, blocks=lambda: iter([b"a" * (size // 2), b"a" * (size - size // 2)]))

    return lambda table: webdataset.pack(Part(split="train", number=3, of=7), table.of("train"), audio)


@given(st.lists(st.integers(0, 2000), max_size=12))
def test_every_sample_is_whole_and_its_files_are_neighbours(drawn: list[int]) -> None:
    recordings = [transcribed(f"r{n}", container="flac") for n in range(len(drawn))]
    sizes = {one.recording_id: size for one, size in zip(recordings, drawn, strict=True)}
    found = made(tar(sizes), recordings)
    assert list(found) == ["webdataset/train-000003.tar"]
    seen = []
    with tarfile.open(fileobj=io.BytesIO(found["webdataset/train-000003.tar"]), mode="r:") as opened:
        members = opened.getmembers()
        assert all((one.mtime, one.uid, one.gid, one.uname, one.gname) == (0, 0, 0, "", "") for one in members)
        for audio, about in zip(members[::2], members[1::2], strict=True):
            key, _, extension = audio.name.partition(".")
            assert (extension, about.name) == ("flac", f"{key}.json")
            document = opened.extractfile(about)
            assert document is not None
            assert json.load(document)["recording_id"] == key
            assert audio.size == sizes[key]
            seen.append(key)
    assert seen == sorted(sizes)


def test_the_same_rows_are_the_same_bytes() -> None:
    recordings = [transcribed(f"r{n}") for n in range(3)]
    sizes = {one.recording_id: 700 for one in recordings}
    assert made(tar(sizes), recordings) == made(tar(sizes), recordings[::-1])
