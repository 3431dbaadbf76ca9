"""Shards that any tar reads, in which files of a sample are neighbours."""

import io
import json
import tarfile

from hypothesis import given
from hypothesis import strategies as st

from ai2text.training_orchestrator.formats import webdataset
from ai2text.training_orchestrator.row_table import RowTable
from tests.fixtures.made_files import Files, made
from tests.fixtures.transcribed import transcribed


def shards(sizes: dict[str, int], shard_bytes: int) -> Files:
    def audio_of(table: RowTable, recording_id: str) -> webdataset.Audio:
        size = sizes[recording_id]
        return webdataset.Audio(size_bytes=size, blocks=lambda: iter([b"a" * (size // 2), b"a" * (size - size // 2)]))

    return lambda table: webdataset.files(
        "train", table.of("train"), lambda row: audio_of(table, row.recording_id), shard_bytes
    )


@given(st.lists(st.integers(0, 2000), max_size=12), st.integers(1, 3000))
def test_every_sample_is_whole_in_one_shard_and_shards_are_as_large_as_was_asked(
    drawn: list[int], shard_bytes: int
) -> None:
    recordings = [transcribed(f"r{n}", container="flac") for n in range(len(drawn))]
    sizes = {one.recording_id: size for one, size in zip(recordings, drawn, strict=True)}
    found = made(shards(sizes, shard_bytes), recordings)
    assert list(found) == [f"webdataset/train-{n:06}.tar" for n in range(max(len(found), 1))]
    seen = []
    for content in found.values():
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as tar:
            members = tar.getmembers()
            assert all((one.mtime, one.uid, one.gid, one.uname, one.gname) == (0, 0, 0, "", "") for one in members)
            for audio, about in zip(members[::2], members[1::2], strict=True):
                key, _, extension = audio.name.partition(".")
                assert (extension, about.name) == ("flac", f"{key}.json")
                opened = tar.extractfile(about)
                assert opened is not None
                assert json.load(opened)["recording_id"] == key
                assert audio.size == sizes[key]
                seen.append(key)
            assert sum(one.size for one in members[:-2:2]) < shard_bytes
    assert seen == sorted(sizes)


def test_the_same_rows_are_the_same_bytes() -> None:
    recordings = [transcribed(f"r{n}") for n in range(3)]
    sizes = {one.recording_id: 700 for one in recordings}
    assert made(shards(sizes, 10**6), recordings) == made(shards(sizes, 10**6), recordings[::-1])
