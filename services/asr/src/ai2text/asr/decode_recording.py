"""One recording, from the object store to a transcript. Blocking; runs in a thread of its own."""

import time
from collections.abc import Callable
from contextlib import closing
from threading import Event

from ai2text.asr.audio_stream import audio_stream
from ai2text.asr.batcher import Batcher
from ai2text.asr.draft import DraftKeeper
from ai2text.asr.hearing import Hearing
from ai2text.asr.model_pool import ModelPool
from ai2text.asr.transcript import transcript_of
from ai2text.asr.voice_activity import SAMPLE_RATE_HZ
from ai2text.asr.whisper import Whisper
from ai2text.audio.sandbox import Sandbox
from ai2text.common.clock import Clock
from ai2text.common.contracts.outcome import Segment, Transcript
from ai2text.common.contracts.transcription import TranscriptionRequested
from ai2text.common.errors import Refused
from ai2text.common.object_store import ObjectStore

Tell = Callable[[list[Segment], int, float], None]
"""Given segments as soon as they are heard, how many of the recording's came before, and the second up to which nothing
of it is missing."""


class Decoder:
    """Everything a job needs that outlives it."""

    def __init__(self, store: ObjectStore, sandbox: Sandbox, models: ModelPool, batcher: Batcher, clock: Clock) -> None:
        self._store = store
        self._sandbox = sandbox
        self._models = models
        self._batcher = batcher
        self._clock = clock

    def decode_recording(self, job: TranscriptionRequested, abandon: Event, tell: Tell) -> Transcript:
        """Goes on from the job's draft, if another worker left one.

        Raises Abandoned soon after `abandon` is set; Refused for audio that cannot be decoded, a prompt that is too
        long, an unknown model or language; Unavailable when the store or the model hub is away.
        """
        with self._models.lease(job.model) as whisper:
            _check_language(job, whisper)
            keeper = DraftKeeper(self._store, job, time.monotonic)
            draft = keeper.begin(self._models.engine())
            hearing = Hearing(job, whisper, self._batcher, draft, abandon)
            with closing(audio_stream(self._store, self._sandbox, job, draft.sample)) as audio:
                for segments in hearing.hear(audio):
                    tell(segments, len(draft.segments) - len(segments), draft.sample / SAMPLE_RATE_HZ)
                    keeper.keep(draft)
        return transcript_of(job, draft, hearing.facts(), self._clock())


def _check_language(job: TranscriptionRequested, whisper: Whisper) -> None:
    """Faster-whisper takes another one in silence, or fails with the same message for ever."""
    language = job.options.language
    if language is not None and language not in whisper.languages:
        known = ", ".join(sorted(whisper.languages))
        raise Refused("unknown_language", f"The model {job.model} does not know {language!r}; it knows {known}.")
