"""What is not offered, or would have no effect, is refused with the field at fault."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from ai2text.cli.definition import read_definition
from ai2text.common.contracts.codec import decode, encode
from ai2text.common.contracts.definition import Definition
from ai2text.common.errors import Refused
from ai2text.training_orchestrator.dataset import checked_name

DEFINITION = TypeAdapter(Definition)


@pytest.mark.parametrize(
    ("fields", "place", "why"),
    [
        ({"nonsense": 1}, "nonsense", "Unexpected"),
        ({"selection": {"langages": {"any": ["de"]}}}, "selection.langages", "Unexpected"),
        ({"selection": {"languages": {"only": ["de"]}}}, "selection.languages.only", "Unexpected"),
        ({"selection": {"duration_seconds": {"min": 3, "max": 1}}}, "selection.duration_seconds", "min 3 is greater"),
        ({"selection": {"tags": {"any": ["a"], "none": ["a"]}}}, "selection.tags", "a is in any and in none"),
        ({"selection": {"review": ["excluded"]}}, "selection", "never selected"),
        ({"selection": {"review": []}}, "selection.review", "at least 1"),
        ({"selection": {"ingested_from": "2026-01-01"}}, "selection.ingested_from", "timezone"),
        ({"selection": {"rows_per_text": 0}}, "selection.rows_per_text", "greater than or equal to 1"),
        ({"selection": {"hours_per_speaker": 0}}, "selection.hours_per_speaker", "greater than 0"),
        ({"splits": {"train": 0.5}}, "splits", "make 0.5, not 1"),
        ({"splits": {"train": 1.0, "test": 0.0}}, "splits", "test has the fraction 0"),
        ({"splits": {"../train": 1.0}}, "splits", "no name for a split"),
        ({"splits": {"golden": 1.0}}, "splits", "under golden"),
        ({"splits": {}}, "splits", "at least 1"),
        ({"target_seconds": 20}, "", "no effect on whole recordings"),
        ({"segmentation": "segments", "longest_pause_seconds": 1}, "", "no effect without target_seconds"),
        ({"segmentation": "segments", "formats": ["hf"]}, "", "choose the audio.codec"),
        ({"audio": {"mono": True}}, "audio", "no effect on audio as it was taken in"),
        ({"audio": {"codec": "opus", "sample_rate_hz": 16000}}, "audio", "always read at 48000 Hz"),
        ({"audio": {"reference": "/data"}}, "audio", "ends with a slash"),
        ({"audio": {"reference": "/da ta/"}}, "audio.reference", "should match"),
        ({"audio": {"reference": "store"}, "formats": ["webdataset"]}, "", "no effect on webdataset"),
        ({"audio": {"reference": "store"}, "formats": ["nemo", "kaldi"]}, "", "kaldi reads nothing"),
        ({"formats": []}, "formats", "at least 1"),
        ({"formats": ["csv"]}, "formats.0", "Input should be"),
        ({"trigger": {}}, "trigger", "every_hours, new_hours or both"),
        ({"trigger": {"every_hours": 0}}, "trigger.every_hours", "greater than 0"),
        ({"trigger": {"cron": "@daily"}}, "trigger.cron", "Unexpected"),
        ({"training": {}}, "training", "Unable to extract tag"),
        ({"training": {"kind": "event", "image": "x"}}, "training.event.image", "Unexpected"),
        ({"training": {"kind": "kubernetes"}}, "training.kubernetes.image", "required"),
        (
            {"training": {"kind": "kubernetes", "image": "x", "env": {"A B": ""}}},
            "training.kubernetes.env.A B.[key]",
            "A-Za-z_",
        ),
        (
            {"training": {"kind": "kubernetes", "image": "x", "resources": {"memory": "32 GB"}}},
            "training.kubernetes.resources.memory",
            "pattern",
        ),
        ({"training": {"kind": "command", "command": []}}, "training.command.command", "at least 1"),
        ({"normalisation": "spoken"}, "normalisation", "Input should be"),
    ],
)
def test_a_definition_is_refused_with_the_field_at_fault(fields: dict[str, Any], place: str, why: str) -> None:
    with pytest.raises(ValidationError) as caught:
        DEFINITION.validate_python({"name": "x", **fields})
    fault, *_ = caught.value.errors()
    assert (".".join(map(str, fault["loc"])), why in fault["msg"]) == (place, True), fault


def test_a_definition_is_the_same_after_it_was_kept() -> None:
    wanted = DEFINITION.validate_python(
        {
            "name": "x",
            "selection": {
                "languages": {"any": ["de"]},
                "confidence": {"min": 0.0},
                "ingested_from": "2026-01-01T00:00Z",
            },
            "segmentation": "segments",
            "target_seconds": 20,
            "splits": {"train": 0.9, "test": 0.1},
            "formats": ["nemo", "nemo"],
        }
    )
    assert wanted.formats == ("nemo",)
    assert decode(Definition, encode(wanted)) == wanted


def test_the_example_in_the_documents_is_a_definition(tmp_path: Path) -> None:
    document = (Path(__file__).parents[3] / "docs/datasets.md").read_text()
    file = tmp_path / "example.toml"
    file.write_text(document.partition("```toml\n")[2].partition("```")[0])
    wanted = DEFINITION.validate_python({"name": "x", **read_definition(file)})
    assert wanted.selection.rows_per_text == 3
    assert set(wanted.splits) == {"train", "dev", "test"}


@pytest.mark.lesson("L19")
@pytest.mark.parametrize("name", ["", "../x", "a/b", "A", ".hidden", "x" * 65, "a b", "name@3", "ü"])
def test_l19_a_name_that_could_be_a_path_is_refused(name: str) -> None:
    with pytest.raises(Refused, match="use 1 to 64"):
        checked_name(name)


@pytest.mark.parametrize("name", ["a", "broadcast-2026_v1.5", "0"])
def test_an_ordinary_name_is_taken(name: str) -> None:
    assert checked_name(name) == name


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"manifest": "https://host/train.jsonl"}, "String should match pattern"),
        ({"manifest": "s3://bucket"}, "String should match pattern"),
        ({"manifest": "s3://bucket/a.jsonl", "review": "excluded"}, "leave the manifest away"),
        ({"manifest": "s3://bucket/a.jsonl", "language": "English"}, "String should match pattern"),
    ],
)
def test_a_foreign_manifest_that_cannot_be_meant_is_refused(fields: dict[str, str], fault: str) -> None:
    with pytest.raises(ValidationError, match=fault):
        DEFINITION.validate_python({"name": "x", "foreign": [fields]})


def test_audio_in_archives_is_named_or_cut_and_never_copied_as_it_is() -> None:
    foreign = [{"manifest": "s3://bucket/a.jsonl"}]
    check = DEFINITION.validate_python
    for form in ("kaldi", "hf", "webdataset"):
        with pytest.raises(ValidationError, match="stays where it lies"):
            check({"name": "x", "foreign": foreign, "formats": [form]})
        check({"name": "x", "foreign": foreign, "formats": [form], "audio": {"codec": "flac"}})
    with pytest.raises(ValidationError, match="named twice"):
        check({"name": "x", "foreign": foreign * 2})
