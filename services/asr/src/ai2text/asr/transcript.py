"""From what faster-whisper yields to the transcript of the contracts."""

from collections.abc import Iterable
from datetime import datetime

import ctranslate2
import faster_whisper
from faster_whisper.transcribe import Segment as HeardSegment
from faster_whisper.transcribe import TranscriptionInfo

from ai2text.common.contracts.outcome import Engine, Segment, Transcript, Word
from ai2text.common.contracts.transcription import TranscriptionRequested


def segment_of(heard: HeardSegment) -> Segment:
    return Segment(
        start=heard.start,
        end=heard.end,
        text=heard.text,
        words=tuple(
            Word(start=float(w.start), end=float(w.end), text=w.word, probability=float(w.probability))
            for w in heard.words or ()
        ),
        tokens=tuple(heard.tokens),
        seek=heard.seek,
        temperature=heard.temperature if heard.temperature is not None else 0.0,
        avg_logprob=heard.avg_logprob,
        compression_ratio=heard.compression_ratio,
        no_speech_prob=heard.no_speech_prob,
    )


def transcript_of(
    job: TranscriptionRequested,
    info: TranscriptionInfo,
    segments: Iterable[Segment],
    engine: Engine,
    transcribed_at: datetime,
    processing_seconds: float,
) -> Transcript:
    kept = tuple(segments)
    return Transcript(
        tenant=job.tenant,
        recording_id=job.recording_id,
        job_id=job.job_id,
        generation=job.generation,
        sha256=job.sha256,
        model=job.model,
        task=job.task,
        options=job.options,
        engine=engine,
        language=info.language,
        language_probability=info.language_probability,
        duration_seconds=info.duration,
        text="".join(segment.text for segment in kept).strip(),
        segments=kept,
        transcribed_at=transcribed_at,
        processing_seconds=processing_seconds,
    )


def engine_of(device: str, compute_type: str) -> Engine:
    return Engine(
        faster_whisper=faster_whisper.__version__,
        ctranslate2=ctranslate2.__version__,
        device=device,
        compute_type=compute_type,
    )
