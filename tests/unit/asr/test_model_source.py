from pathlib import Path

import pytest

from ai2text.asr.model_source import HubModel, LocalModel, StoredModel, source_of
from ai2text.asr.settings import AsrSettings
from ai2text.common.errors import Refused

COMMIT = "0123456789abcdef0123456789abcdef01234567"
SETTINGS = AsrSettings(
    model="/models/main",
    model_paths={"ear": "/models/ear", "ours": "s3://models/whisper/ours", "pinned": f"org/repo@{COMMIT}"},
)


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("small", HubModel("Systran/faster-whisper-small")),
        ("turbo", HubModel("mobiuslabsgmbh/faster-whisper-large-v3-turbo")),
        ("large-v3-turbo", HubModel("mobiuslabsgmbh/faster-whisper-large-v3-turbo")),
        ("org/repo", HubModel("org/repo")),
        ("org/repo@v2", HubModel("org/repo", "v2")),
        ("pinned", HubModel("org/repo", COMMIT)),
        ("ear", LocalModel(Path("/models/ear"))),
        ("/models/main", LocalModel(Path("/models/main"))),
        ("/models/ear", LocalModel(Path("/models/ear"))),
        ("ours", StoredModel("models", "whisper/ours/")),
        ("s3://models/whisper/ours", StoredModel("models", "whisper/ours/")),
    ],
)
def test_a_name_stands_for_one_place(name: str, source: object) -> None:
    assert source_of(name, SETTINGS) == source


@pytest.mark.parametrize(
    "name",
    [
        *("no-such-size", "", "a/b/c", "../../etc", "org/..", "a--b/c", "org/repo\n", "örg/repo", "org/repo.git"),
        *("a/" + "b" * 100, "org/repo@..", "org/repo@.", "org/repo@../../../etc/x", "org/repo@" + "v" * 200),
    ],
)
def test_what_can_be_no_model_is_refused_without_asking_anybody(name: str) -> None:
    with pytest.raises(Refused) as refused:
        source_of(name, SETTINGS)
    assert refused.value.code == "unknown_model"


@pytest.mark.parametrize("name", ["/etc", "/models", "s3://models/other", "s3://ai2text/acme", "file:///etc"])
def test_a_job_cannot_name_a_place_that_the_operator_did_not(name: str) -> None:
    with pytest.raises(Refused, match="AI2TEXT_ASR_MODEL_PATHS"):
        source_of(name, SETTINGS)


@pytest.mark.parametrize("address", ["s3://bucket", "s3:///prefix", "s3://bucket/"])
def test_a_bucket_without_a_prefix_is_refused(address: str) -> None:
    with pytest.raises(Refused, match="s3://bucket/prefix"):
        source_of("x", AsrSettings(model_paths={"x": address}))
