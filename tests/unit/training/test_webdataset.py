"""Shards that any tar reads, in which files of a sample are neighbours."""

import io
import json
import tarfile
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ai2text.common.contracts.definition import Audio as Form
from ai2text.common.contracts.definition import Codec, Definition, Segmentation
from ai2text.training_orchestrator.formats import webdataset
from ai2text.training_orchestrator.formats.packing import Audio, Shard
from ai2text.training_orchestrator.rows import Row, rows_of
from tests.fixtures.made_files import made
from tests.fixtures.packed_audio import audio
from tests.fixtures.transcribed import transcribed

WHOLE = Definition(name="x")
SHARD = Shard(split="train", number=3, of=7)
CUT = {"segmentation": Segmentation.SEGMENTS, "audio": Form(codec=Codec.FLAC)}


def packed(names: list[str], **definition: Any) -> bytes:
    recordings = [transcribed(name, [(0, 1, "One."), (1, 2.5, "Two.")], container="flac") for name in names]
    found = made(lambda table: webdataset.pack(SHARD, table.of("train"), audio), recordings, **definition)
    ((path, content),) = found.items()
    assert path == "webdataset/train-000003.tar"
    return content


def test_every_sample_is_whole_and_its_files_are_neighbours() -> None:
    with tarfile.open(fileobj=io.BytesIO(packed(["a", "b"], **CUT)), mode="r:") as tar:
        members = tar.getmembers()
        assert len(members) == 8
        assert all((one.mtime, one.uid, one.gid, one.uname, one.gname) == (0, 0, 0, "", "") for one in members)
        for heard, about in zip(members[::2], members[1::2], strict=True):
            key, _, extension = heard.name.partition(".")
            assert (extension, about.name) == ("flac", f"{key}.json")
            opened, told = tar.extractfile(heard), tar.extractfile(about)
            assert opened is not None
            assert told is not None
            assert opened.read() == f"{key} ".encode() * 300
            row = json.load(told)
            assert (
                key
                == f"{row['recording_id']}-{row['start'] * 1000:09.0f}-{(row['start'] + row['duration']) * 1000:09.0f}"
            )


def test_the_same_rows_are_the_same_bytes() -> None:
    assert packed(["a", "b", "c"]) == packed(["c", "a", "b"])


@given(st.integers(0, 1 << 40))
def test_audio_of_any_size_has_a_header_that_says_it(size_bytes: int) -> None:
    """Beyond 8 GiB, too, of which a plain tar header cannot tell."""

    def pretended(_: Row) -> Audio:
        return Audio(size_bytes=size_bytes, blocks=lambda: iter(()))

    ((_, blocks),) = webdataset.pack(SHARD, lambda: rows_of(transcribed("a"), WHOLE), pretended)
    with tarfile.open(fileobj=io.BytesIO(next(iter(blocks))), mode="r:") as tar:
        member = tar.next()
    assert member is not None
    assert member.size == size_bytes
