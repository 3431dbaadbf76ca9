"""Common Voice's tables, as readers without quoting take them."""

import csv
import io
from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ai2text.common.contracts.datasets import TranscribedRecording
from ai2text.common.contracts.definition import Audio, Codec, Segmentation
from ai2text.common.contracts.states import ReviewStatus
from ai2text.training_orchestrator.formats import common_voice
from ai2text.training_orchestrator.row_file import RowFile
from tests.fixtures.made_files import made
from tests.fixtures.transcribed import transcribed

TABLES = ["clip_durations", "invalidated", "other", "test", "train", "validated"]


def tables(*recordings: TranscribedRecording, **definition: Any) -> dict[str, list[dict[str, str]]]:
    def everything(table: RowFile) -> Iterator[tuple[str, Any]]:
        return common_voice.files({split: table.of(split) for split in ("test", "train")})

    found = made(everything, list(recordings), splits={"test": 0.5, "train": 0.5}, **definition)
    read = {path: io.StringIO(content.decode(), newline="") for path, content in found.items()}
    return {
        path.removeprefix("common-voice/"): list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
        for path, file in read.items()
    }


def test_each_language_has_its_folder_and_each_split_its_table() -> None:
    found = tables(*(transcribed(f"r{n}", language="de" if n % 3 else "fr") for n in range(12)))
    assert sorted(found) == [f"{language}/{table}.tsv" for language in ("de", "fr") for table in TABLES]
    for language, count in (("de", 8), ("fr", 4)):
        rows = [row for split in ("test", "train") for row in found[f"{language}/{split}.tsv"]]
        assert len(rows) == count
        assert {row["locale"] for row in rows} == {language}
        assert {row["path"] for row in rows} == {row["clip"] for row in found[f"{language}/clip_durations.tsv"]}


def test_validated_is_what_people_have_looked_at() -> None:
    found = tables(
        transcribed("a", review=ReviewStatus.VERIFIED),
        transcribed("b", review=ReviewStatus.CORRECTED),
        transcribed("c"),
    )
    assert [row["up_votes"] for row in found["en/validated.tsv"]] == ["1", "1"]
    assert [row["up_votes"] for row in found["en/other.tsv"]] == ["0"]
    assert found["en/invalidated.tsv"] == []


def test_rows_name_clips_of_their_own_with_their_length() -> None:
    (row,) = tables(
        transcribed("a", [(0.25, 1.5, "So.", "Ada")]),
        segmentation=Segmentation.SEGMENTS,
        audio=Audio(codec=Codec.OPUS),
    )["en/clip_durations.tsv"]
    assert row["clip"].endswith("-000000250-000001500.opus")
    assert row["duration[ms]"] == "1250"


def test_the_same_speaker_is_the_same_client_everywhere_and_not_by_name() -> None:
    found = tables(transcribed("a", [(0, 1, "So.", "Ada")]), transcribed("b", [(0, 1, "Well.", "Ada")]))
    clients = {row["client_id"] for name in ("other",) for row in found[f"en/{name}.tsv"]}
    assert len(clients) == 1
    assert "Ada" not in str(found)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30))
def test_whatever_is_said_a_row_is_a_line_with_its_columns(text: str) -> None:
    said = f"a{text}"
    (row,) = tables(transcribed("a", [(0, 1, said)]))["en/other.tsv"]
    assert row["sentence"] == " ".join(said.split())
    assert list(row) == list(common_voice.COLUMNS)


def test_a_language_that_is_no_code_is_no_folder() -> None:
    assert set(tables(transcribed("a", language="../x"))) == {f"und/{table}.tsv" for table in TABLES}
