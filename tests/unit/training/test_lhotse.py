"""lhotse's manifests: compressed to the same bytes each time, and in agreement with each other."""

import gzip
import json
from typing import Any

import pytest

from ai2text.common.contracts.definition import Segmentation
from ai2text.training_orchestrator.formats import lhotse
from tests.fixtures.made_files import made
from tests.fixtures.transcribed import transcribed

CALL = transcribed(
    "call",
    [(0.5, 2.0, "Hello.", "Ada"), (3.0, 4.0, "Bye.")],
    channels=2,
    sample_rate_hz=8000,
    duration_seconds=4.000125,
)


def manifests(**definition: Any) -> dict[str, list[dict[str, Any]]]:
    found = made(lambda table: lhotse.files("train", table.of("train")), [CALL], **definition)
    return {
        path.removeprefix("lhotse/train/"): [json.loads(line) for line in gzip.decompress(content).splitlines()]
        for path, content in found.items()
    }


def test_samples_are_what_decoding_gave_and_the_duration_follows_from_them() -> None:
    (recording,) = manifests()["recordings.jsonl.gz"]
    assert (recording["num_samples"], recording["duration"]) == (32001, 32001 / 8000)
    assert recording["sources"] == [{"type": "file", "channels": [0, 1], "source": f"audio/{CALL.sha256}.wav"}]


def test_a_cut_has_its_supervision_from_its_own_beginning_and_all_channels() -> None:
    found = manifests(segmentation=Segmentation.SEGMENTS)
    first, second = found["cuts.jsonl.gz"]
    (inside,) = first["supervisions"]
    assert (first["start"], first["duration"], first["type"], first["channel"]) == (0.5, 1.5, "MultiCut", [0, 1])
    assert (inside["start"], inside["duration"], inside["speaker"]) == (0.0, 1.5, "Ada")
    assert [one["start"] for one in found["supervisions.jsonl.gz"]] == [0.5, 3.0]
    assert "speaker" not in second["supervisions"][0]
    assert len(found["recordings.jsonl.gz"]) == 1


def test_the_header_has_neither_time_nor_name_and_many_documents_come_in_blocks() -> None:
    blocks = list(lhotse.compressed({"id": f"{n * 7919 % 100_003}-{n * 104_729}"} for n in range(50_000)))
    whole = b"".join(blocks)
    assert len(blocks) > 10
    assert max(map(len, blocks)) < 200_000
    assert whole[3:8] == bytes(5), "flags and time"
    assert gzip.decompress(whole).count(b"\n") == 50_000


@pytest.mark.lesson("L20")
def test_l20_nothing_is_an_empty_file_that_can_be_read() -> None:
    assert gzip.decompress(b"".join(lhotse.compressed(()))) == b""
