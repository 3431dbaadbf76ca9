"""From what was heard to the transcript of the contracts."""

from dataclasses import dataclass
from datetime import datetime

import ctranslate2
import faster_whisper

from ai2text.asr.draft import Draft
from ai2text.asr.sentences import placed
from ai2text.asr.timeline import Timeline
from ai2text.asr.window import Passage
from ai2text.common.contracts.outcome import Engine, Segment, Stages, Transcript, Word
from ai2text.common.contracts.states import Decoding
from ai2text.common.contracts.transcription import TranscriptionRequested


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Of a recording that was heard to its end."""

    duration_seconds: float
    decoding: Decoding
    processing_seconds: float
    """Of this worker."""
    stages: Stages


def segment_of(passage: Passage, timeline: Timeline, speaker: str | None) -> Segment:
    """With the times of the recording, and the measures of the window in which its words were heard."""
    words = placed(passage.words, timeline)
    heard = passage.heard
    return Segment(
        start=words[0].start,
        end=words[-1].end,
        text="".join(word.text for word in words),
        speaker=speaker,
        words=tuple(
            Word(start=word.start, end=word.end, text=word.text, probability=round(word.probability, 4))
            for word in words
        ),
        tokens=tuple(token for word in words for token in word.tokens),
        seek=round(timeline.span_of(passage.window_start, passage.window_start)[0] * 100),
        temperature=heard.temperature,
        avg_logprob=heard.avg_logprob,
        compression_ratio=heard.compression_ratio,
        no_speech_prob=heard.no_speech_prob,
    )


def transcript_of(job: TranscriptionRequested, draft: Draft, facts: Facts, transcribed_at: datetime) -> Transcript:
    segments = tuple(sorted(draft.segments, key=lambda segment: segment.start))  # of all channels
    return Transcript(
        tenant=job.tenant,
        recording_id=job.recording_id,
        job_id=job.job_id,
        generation=job.generation,
        sha256=job.sha256,
        model=job.model,
        model_revision=draft.model_revision,
        task=job.task,
        options=job.options,
        engine=draft.engine,
        decoding=facts.decoding,
        language=draft.language or "en",
        language_probability=draft.language_probability,
        duration_seconds=facts.duration_seconds,
        speech_seconds=round(draft.speech_seconds, 3),
        text="".join(segment.text for segment in segments).strip(),
        segments=segments,
        second_hearings=tuple(draft.second_hearings),
        transcribed_at=transcribed_at,
        processing_seconds=facts.processing_seconds,
        stages=facts.stages,
    )


def engine_of(device: str, compute_type: str) -> Engine:
    return Engine(
        faster_whisper=faster_whisper.__version__,
        ctranslate2=ctranslate2.__version__,
        device=device,
        compute_type=compute_type,
    )
