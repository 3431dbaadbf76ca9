"""What the outside is told of each event: people write programs against it."""

import json
from dataclasses import replace

import pytest

from ai2text.common import subjects
from ai2text.common.contracts.recordings import RecordingRejected
from ai2text.common.occurrences import SUBJECT_OF, Kind, occurrence_of
from tests.fixtures.examples import EVENTS, JOB, NOW, REASON, RECORDING

ERROR = {"code": REASON.code, "detail": REASON.detail}
DATA = {
    Kind.INGESTED: {
        "recording_id": RECORDING,
        "job_id": JOB,
        "name": "Gespräche/talk 1.mp3",
        "duration_seconds": 3.08,
    },
    Kind.STARTED: {"recording_id": RECORDING, "job_id": JOB},
    Kind.TRANSCRIBED: {"recording_id": RECORDING, "job_id": JOB, "revision": 1, "current": True},
    Kind.CORRECTED: {"recording_id": RECORDING, "revision": 2},
    Kind.ERASED: {"recording_id": RECORDING},
    Kind.FAILED: {"recording_id": RECORDING, "job_id": JOB, "error": ERROR},
    Kind.CANCELLED: {"recording_id": RECORDING, "job_id": JOB},
}


@pytest.mark.parametrize("kind", DATA)
def test_each_kind_tells_what_is_written_here_and_no_more(kind: Kind) -> None:
    occurrence = occurrence_of(EVENTS[SUBJECT_OF[kind]])
    assert occurrence is not None
    document = json.loads(json.dumps(occurrence.document()))
    assert document == {
        "id": occurrence.event_id,
        "type": kind.value,
        "timestamp": NOW.isoformat(),
        "data": DATA[kind],
    }


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_comes_from_its_subject(kind: Kind) -> None:
    occurrence = occurrence_of(EVENTS[SUBJECT_OF[kind]])
    assert occurrence is not None
    assert (occurrence.kind, occurrence.tenant) == (kind, "default")


def test_what_is_between_the_services_is_not_told() -> None:
    others = set(EVENTS) - set(SUBJECT_OF.values())
    assert [subject for subject in others if occurrence_of(EVENTS[subject]) is not None] == []
    assert subjects.TRANSCRIPTION_REQUESTED in others


def test_the_same_event_has_the_same_id_and_another_one_another() -> None:
    event = EVENTS[subjects.RECORDING_REJECTED]
    assert isinstance(event, RecordingRejected)
    later = occurrence_of(replace(event, rejected_at=NOW.replace(year=2027)))
    other = occurrence_of(replace(event, rejection_id="another"))
    known = occurrence_of(event)
    assert known is not None
    assert later is not None
    assert other is not None
    assert known.event_id == later.event_id != other.event_id
