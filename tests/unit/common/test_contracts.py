"""Golden JSON, one file for each version: what was once written is read for ever."""

import json
from pathlib import Path
from typing import Any

import pytest

from ai2text.common import subjects
from ai2text.common.contracts.codec import decode, decode_outcome, encode
from ai2text.common.contracts.erasure import Tombstone
from ai2text.common.contracts.presence import ServicePresence
from ai2text.common.contracts.recordings import RecordingIngested
from ai2text.common.contracts.revisions import HumanRevision
from ai2text.common.contracts.states import Lane
from ai2text.common.errors import Poison
from tests.fixtures.examples import DOCUMENTS, EVENTS, HUMAN_REVISION, MODEL_DOCUMENTS, PRESENCE, REQUESTED, TOMBSTONE

GOLDEN = Path(__file__).parent / "golden"


def golden(name: str) -> Any:
    return json.loads((GOLDEN / f"{name}.json").read_text())


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_is_written_as_its_golden_file_says(name: str) -> None:
    assert json.loads(encode(EVENTS[name])) == golden(name)


@pytest.mark.parametrize("name", EVENTS)
def test_the_golden_file_is_read_as_the_event(name: str) -> None:
    assert decode(subjects.CONTRACT_OF[name], json.dumps(golden(name)).encode()) == EVENTS[name]


@pytest.mark.parametrize("name", EVENTS)
def test_fields_of_a_newer_version_are_ignored(name: str) -> None:
    newer = {**golden(name), "added_next_year": {"anything": 1}}
    assert decode(subjects.CONTRACT_OF[name], json.dumps(newer).encode()) == EVENTS[name]


def test_a_recording_that_was_ingested_before_its_sound_was_digested_is_read() -> None:
    older = golden("recording.ingested.v1")
    del older["media"]["sound_sha256"]
    event = decode(RecordingIngested, json.dumps(older).encode())
    assert event.media.sound_sha256 is None


@pytest.mark.parametrize("name", DOCUMENTS)
def test_outcomes_are_written_and_read_as_their_golden_files_say(name: str) -> None:
    assert json.loads(encode(DOCUMENTS[name])) == golden(name)
    assert decode_outcome(json.dumps(golden(name)).encode()) == DOCUMENTS[name]


def test_a_human_revision_is_written_and_read_as_its_golden_file_says() -> None:
    assert json.loads(encode(HUMAN_REVISION)) == golden("revision.human.v1")
    assert decode(HumanRevision, json.dumps(golden("revision.human.v1")).encode()) == HUMAN_REVISION


def test_a_tombstone_is_written_and_read_as_its_golden_file_says() -> None:
    assert json.loads(encode(TOMBSTONE)) == golden("tombstone.v1")
    assert decode(Tombstone, json.dumps(golden("tombstone.v1")).encode()) == TOMBSTONE


def test_presence_is_written_and_read_as_its_golden_file_says() -> None:
    assert json.loads(encode(PRESENCE)) == golden(subjects.PRESENCE)
    assert decode(ServicePresence, json.dumps(golden(subjects.PRESENCE)).encode()) == PRESENCE


def test_a_model_command_and_its_answer_are_written_and_read_as_their_golden_files_say() -> None:
    for name, document in MODEL_DOCUMENTS.items():
        assert json.loads(encode(document)) == golden(name)
        assert decode(type(document), json.dumps(golden(name)).encode()) == document


def test_every_contract_has_one_subject_and_one_golden_file() -> None:
    contracts = list(subjects.CONTRACT_OF.values())
    assert len(contracts) == len(set(contracts))
    assert set(contracts) == set(subjects.Event.__args__)
    files = {path.stem for path in GOLDEN.glob("*.json")}
    assert files == {
        *subjects.CONTRACT_OF,
        *DOCUMENTS,
        *MODEL_DOCUMENTS,
        subjects.PRESENCE,
        "revision.human.v1",
        "tombstone.v1",
    }


@pytest.mark.parametrize("name", EVENTS)
def test_an_events_subject_leads_back_to_its_contract(name: str) -> None:
    event = EVENTS[name]
    assert subjects.contract_of(subjects.subject_of(event)) is type(event)


def test_a_job_is_requested_on_its_lane() -> None:
    assert subjects.subject_of(REQUESTED) == subjects.transcription_requested(Lane.BULK)


def test_an_unknown_subject_has_no_contract() -> None:
    assert subjects.contract_of("recording.ingested.v9") is None


def test_a_broken_message_is_poison_and_the_reason_names_the_field() -> None:
    broken = {**golden("recording.transcribed.v1"), "duration_seconds": "long"}
    with pytest.raises(Poison, match="duration_seconds"):
        decode(subjects.CONTRACT_OF["recording.transcribed.v1"], json.dumps(broken).encode())


def test_what_is_no_json_is_poison() -> None:
    with pytest.raises(Poison):
        decode(subjects.CONTRACT_OF["recording.transcribed.v1"], b"\xff\x00")
