"""Ids are part of every catalogue and key, so their values are fixed here for ever."""

import pytest

from ai2text.common.contracts import identity
from ai2text.common.contracts.states import Task
from ai2text.common.contracts.transcription import TranscriptionOptions
from ai2text.common.errors import Refused

SHA = "a" * 64


def test_ids_never_change_between_releases() -> None:
    recording = identity.recording_id("default", SHA)
    job = identity.job_id(recording, "small", Task.TRANSCRIBE, TranscriptionOptions(), generation=0)
    assert recording == "d97ee89a-2f0d-50a1-82e0-9fc7826affe3"
    assert job == "d798c9e1-473f-5a3f-b848-b4bcae79ccaa"
    assert identity.outcome_key("default", job) == "default/outcomes/d798c9e1-473f-5a3f-b848-b4bcae79ccaa.json"


def test_a_number_written_in_two_ways_is_the_same_ask() -> None:
    one, other = TranscriptionOptions(temperature=(0.0,)), TranscriptionOptions(temperature=(0,))
    assert identity.job_id("r", "m", Task.TRANSCRIBE, one, 0) == identity.job_id("r", "m", Task.TRANSCRIBE, other, 0)


def test_no_key_is_of_two_lives_of_a_recording() -> None:
    assert identity.audio_key("default", SHA) == f"default/audio/{SHA}"
    assert identity.audio_key("default", SHA, 3) == f"default/audio/{SHA}.3"
    assert identity.revision_key("default", "r", 12) == "default/revisions/r/000012.json"
    assert identity.revision_key("default", "r", 12, 3) == "default/revisions/r.3/000012.json"
    assert identity.recording_and_life("default/revisions/r/000012.json") == ("r", 0)
    assert identity.recording_and_life("default/revisions/r.3/000012.json") == ("r", 3)


def test_the_same_bytes_of_two_tenants_are_two_recordings() -> None:
    assert identity.recording_id("one", SHA) != identity.recording_id("two", SHA)


@pytest.mark.parametrize(
    "other",
    [
        {"model": "large-v3"},
        {"task": Task.TRANSLATE},
        {"options": TranscriptionOptions(temperature=(0.0,))},
        {"options": TranscriptionOptions(language="en")},
        {"generation": 1},
    ],
)
def test_another_ask_is_another_job(other: dict[str, object]) -> None:
    ask: dict[str, object] = {
        "recording": "r",
        "model": "small",
        "task": Task.TRANSCRIBE,
        "options": TranscriptionOptions(),
        "generation": 0,
    }
    assert identity.job_id(**ask) != identity.job_id(**{**ask, **other})  # type: ignore[arg-type]


@pytest.mark.lesson("L19")
@pytest.mark.parametrize("name", ["", "UPPER", "../up", "a/b", "ä", "-x", "a" * 64, "a b"])
def test_a_tenant_that_could_be_a_path_is_refused(name: str) -> None:
    with pytest.raises(Refused, match="tenant"):
        identity.checked_tenant(name)
