"""One recording, from the object store to a transcript. Blocking; runs in a thread of its own."""

import threading
import time

import numpy as np
import numpy.typing as npt
from faster_whisper import WhisperModel

from ai2text.asr.model_pool import ModelPool
from ai2text.asr.transcript import engine_of, segment_of, transcript_of
from ai2text.audio.decode import decode
from ai2text.audio.ranged_reader import RangedReader
from ai2text.audio.sandbox import Sandbox
from ai2text.common.clock import Clock
from ai2text.common.contracts.outcome import Segment, Transcript
from ai2text.common.contracts.transcription import TranscriptionRequested
from ai2text.common.errors import Refused
from ai2text.common.object_store import ObjectStore


class Abandoned(Exception):
    """The worker is stopping; the job goes to another one."""


class Decoder:
    """Everything a job needs that outlives it."""

    def __init__(self, store: ObjectStore, sandbox: Sandbox, models: ModelPool, clock: Clock) -> None:
        self._store = store
        self._sandbox = sandbox
        self._models = models
        self._clock = clock

    def decode_recording(self, job: TranscriptionRequested, abandon: threading.Event) -> Transcript:
        """Faster-whisper's sequential long-form decoding of the whole recording.

        Looks at `abandon` between windows and raises Abandoned. Raises Refused for audio that cannot be decoded
        and for an unknown model, Unavailable when the store or the model hub is away.
        """
        began = time.monotonic()
        model = self._models.get(job.model)
        _check_language(job, model)
        audio = self._samples(job, abandon)
        options = job.options
        heard, info = model.transcribe(
            audio,
            language=options.language,
            task=job.task.value,
            beam_size=options.beam_size,
            temperature=list(options.temperature),
            initial_prompt=options.initial_prompt,
            hotwords=options.hotwords,
            word_timestamps=options.word_timestamps,
            vad_filter=options.vad_filter,
            condition_on_previous_text=options.condition_on_previous_text,
        )
        segments: list[Segment] = []
        for segment in heard:
            _go_on_unless(abandon)
            segments.append(segment_of(segment))
        engine = engine_of(self._models.device, self._models.compute_type)
        return transcript_of(job, info, segments, engine, self._clock(), time.monotonic() - began)

    def _samples(self, job: TranscriptionRequested, abandon: threading.Event) -> npt.NDArray[np.float32]:
        """Mono samples at 16 kHz, between -1 and 1."""
        etag = self._store.stat(job.audio_key).etag
        chunks: list[npt.NDArray[np.float32]] = []
        with RangedReader(self._store, job.audio_key, job.size_bytes, etag) as source:
            for chunk in decode(self._sandbox, source):
                _go_on_unless(abandon)
                chunks.append(chunk)
        return np.concatenate(chunks) if chunks else np.zeros(0, np.float32)


def _check_language(job: TranscriptionRequested, model: WhisperModel) -> None:
    """Faster-whisper takes another one in silence, or fails with the same message for ever."""
    language = job.options.language
    if language is not None and language not in model.supported_languages:
        known = ", ".join(sorted(model.supported_languages))
        raise Refused("unknown_language", f"The model {job.model} does not know {language!r}; it knows {known}.")


def _go_on_unless(abandon: threading.Event) -> None:
    if abandon.is_set():
        raise Abandoned
