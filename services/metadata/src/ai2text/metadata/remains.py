"""What is left of an erased recording, and which reports are of it. No I/O here."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from ai2text.common import subjects
from ai2text.common.contracts import identity
from ai2text.common.contracts.erasure import DatasetVersion
from ai2text.common.contracts.recordings import RecordingIngested, RecordingRejected
from ai2text.common.contracts.transcription import (
    RecordingTranscribed,
    TranscriptionCancelled,
    TranscriptionFailed,
    TranscriptionRequested,
    TranscriptionStarted,
)
from ai2text.metadata.news import Report, Transcribed

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Remains:
    """What others hold of a recording and are to delete; see RecordingErased."""

    keys: tuple[str, ...] = ()
    job_ids: tuple[str, ...] = ()
    dead_letters: tuple[int, ...] = ()
    datasets: tuple[DatasetVersion, ...] = ()

    def __add__(self, other: "Remains") -> "Remains":
        return Remains(
            keys=_each_once(self.keys + other.keys),
            job_ids=_each_once(self.job_ids + other.job_ids),
            dead_letters=_each_once(self.dead_letters + other.dead_letters),
            datasets=_each_once(self.datasets + other.datasets),
        )


NextLives = Mapping[str, int]
"""Of recordings that were erased, by id: the first generation that is not."""


def parted(reports: Iterable[Report], next_lives: NextLives) -> tuple[list[Report], list[Report]]:
    """Those that count, and those that come too late because what they tell of was erased."""
    counting: list[Report] = []
    late: list[Report] = []
    for report in reports:
        (late if is_late(report, next_lives) else counting).append(_without_erased_former(report, next_lives))
    return counting, late


def is_late(report: subjects.Event | Transcribed, next_lives: NextLives) -> bool:
    place = place_of(report)
    return place is not None and place[1] < next_lives.get(place[0], 0)


def recordings_of(reports: Iterable[Report]) -> set[str]:
    """All that are spoken of, also as what a source held before."""
    spoken_of = {place[0] for report in reports if (place := place_of(report))}
    former = {report.replaces_recording_id for report in reports if isinstance(report, RecordingIngested)}
    return spoken_of | {one for one in former if one is not None}


def place_of(report: subjects.Event | Transcribed) -> tuple[str, int] | None:
    """A recording, and the generation that it is about; None where there is no such thing."""
    match report:
        case RecordingIngested():
            return report.recording_id, report.first_job.generation
        case Transcribed():
            return report.transcript.recording_id, report.transcript.generation
        case TranscriptionRequested() | TranscriptionStarted() | RecordingTranscribed():
            return report.recording_id, report.generation
        case TranscriptionFailed() | TranscriptionCancelled():
            return report.recording_id, report.generation
    return None


def left_by(report: Report) -> Remains:
    """What a late report says that there is. A cancellation has no content, and keeps workers from the job."""
    match report:
        case RecordingIngested():
            keys = Remains(keys=(report.audio_key, report.facts_key))
            return keys + left_by_job(report.tenant, report.first_job.job_id, report.first_job.outcome_key)
        case Transcribed():
            return left_by_job(report.transcript.tenant, report.transcript.job_id, report.outcome_key)
        case TranscriptionFailed():
            return left_by_job(report.tenant, report.job_id, report.outcome_key)
        case RecordingRejected() | TranscriptionStarted() | TranscriptionCancelled():
            return Remains()


def left_by_job(tenant: str, job_id: str, outcome_key: str | None) -> Remains:
    key = outcome_key or identity.outcome_key(tenant, job_id)
    return Remains(keys=(key, identity.draft_key(tenant, job_id)), job_ids=(job_id,))


def _without_erased_former(report: Report, next_lives: NextLives) -> Report:
    if isinstance(report, RecordingIngested) and report.replaces_recording_id in next_lives:
        return replace(report, replaces_recording_id=None)
    return report


def _each_once(items: tuple[T, ...]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(items))
