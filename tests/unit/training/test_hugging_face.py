"""An audiofolder: one type for each column, whatever the split."""

import json

from hypothesis import given
from hypothesis import strategies as st

from ai2text.training_orchestrator.formats import hugging_face
from tests.fixtures.made_files import made
from tests.fixtures.transcribed import transcribed


@given(st.lists(st.sampled_from(["NA", "null", "007", "None", "1e3", "ä\u2028ö", '"']), min_size=1, max_size=5))
def test_texts_come_back_as_they_are_and_no_column_is_null(texts: list[str]) -> None:
    recordings = [transcribed(f"r{n}", [(0, 1, text)]) for n, text in enumerate(texts)]
    found = made(lambda table: hugging_face.files("train", table.of("train")), recordings)
    ((path, content),) = found.items()
    rows = [json.loads(line) for line in content.split(b"\n")[:-1]]
    assert path == "hf/train/metadata.jsonl"
    assert sorted(row["transcription"] for row in rows) == sorted(texts)
    assert {tuple(row) for row in rows} == {tuple(rows[0])}
    assert all(value is not None for row in rows for value in row.values())
    assert {row["file_name"] for row in rows} == {f"{one.recording_id}.wav" for one in recordings}


def test_each_split_is_named_with_its_folder() -> None:
    told = hugging_face.readme(["golden", "train"]).decode()
    assert "- split: golden\n        path: golden/*\n" in told
    assert told.startswith("---\nconfigs:\n")
    assert told.endswith("---\n")
