"""What is said of an outcome that stands, whoever found it. No I/O here."""

from ai2text.common.contracts.outcome import Cancellation, Failure, Outcome, Transcript
from ai2text.common.contracts.transcription import RecordingTranscribed, TranscriptionCancelled, TranscriptionFailed


def announcement_of(
    outcome: Outcome, outcome_key: str
) -> RecordingTranscribed | TranscriptionFailed | TranscriptionCancelled:
    match outcome:
        case Transcript():
            return _transcribed(outcome, outcome_key)
        case Failure():
            return failed(outcome, outcome_key)
        case Cancellation():
            return cancelled(outcome, outcome_key)


def _transcribed(transcript: Transcript, outcome_key: str) -> RecordingTranscribed:
    return RecordingTranscribed(
        tenant=transcript.tenant,
        recording_id=transcript.recording_id,
        job_id=transcript.job_id,
        generation=transcript.generation,
        sha256=transcript.sha256,
        outcome_key=outcome_key,
        model=transcript.model,
        language=transcript.language,
        duration_seconds=transcript.duration_seconds,
        segments=len(transcript.segments),
        words=sum(len(segment.words) for segment in transcript.segments),
        transcribed_at=transcript.transcribed_at,
    )


def failed(failure: Failure, outcome_key: str) -> TranscriptionFailed:
    return TranscriptionFailed(
        tenant=failure.tenant,
        recording_id=failure.recording_id,
        job_id=failure.job_id,
        generation=failure.generation,
        outcome_key=outcome_key,
        reason=failure.reason,
        attempts=failure.attempts,
        failed_at=failure.failed_at,
    )


def cancelled(cancellation: Cancellation, outcome_key: str) -> TranscriptionCancelled:
    return TranscriptionCancelled(
        tenant=cancellation.tenant,
        recording_id=cancellation.recording_id,
        job_id=cancellation.job_id,
        generation=cancellation.generation,
        outcome_key=outcome_key,
        cancelled_at=cancellation.cancelled_at,
    )
