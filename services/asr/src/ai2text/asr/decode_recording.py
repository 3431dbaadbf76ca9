"""One recording, from the object store to a transcript. Blocking; runs in a thread of its own."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from threading import Event

from ai2text.asr.audio_stream import audio_stream
from ai2text.asr.batcher import Batcher
from ai2text.asr.draft import Draft, DraftKeeper
from ai2text.asr.hearing import Abandoned, Hearing
from ai2text.asr.model_pool import ModelPool
from ai2text.asr.stopwatch import Stopwatch
from ai2text.asr.transcript import transcript_of
from ai2text.asr.voice_activity import SAMPLE_RATE_HZ
from ai2text.asr.whisper import Whisper
from ai2text.audio.sandbox import Sandbox
from ai2text.common.clock import Clock
from ai2text.common.contracts.outcome import Segment, Transcript
from ai2text.common.contracts.states import Task
from ai2text.common.contracts.transcription import TranscriptionRequested
from ai2text.common.errors import Refused, Unavailable
from ai2text.common.object_store import ObjectStore

Tell = Callable[[list[Segment], int, float], None]
"""Given segments as soon as they are heard, how many came before them, and how many seconds of the recording are done,
of all its channels on an average."""
MOST_CHANNELS = 8
"""To be heard separately: each costs as much as a recording."""


class Decoder:
    """Everything a job needs that outlives it."""

    def __init__(self, store: ObjectStore, sandbox: Sandbox, models: ModelPool, batcher: Batcher, clock: Clock) -> None:
        self._store = store
        self._sandbox = sandbox
        self._models = models
        self._batcher = batcher
        self._clock = clock

    def decode_recording(self, job: TranscriptionRequested, abandon: Event, tell: Tell) -> Transcript:
        """Goes on from the job's draft, if another worker left one, and leaves one itself when it is abandoned.

        Raises Abandoned soon after `abandon` is set; Refused for audio that cannot be decoded, a prompt that is too
        long, an unknown model or language, a model that cannot translate; Unavailable when the store or the model hub
        is away.
        """
        with self._models.lease(job.model, lambda: _go_on_unless(abandon)) as whisper:
            _check_language(job, whisper)
            _check_task(job, whisper)
            channels = _channels(job)
            keeper = DraftKeeper(self._store, job, time.monotonic)
            draft = keeper.begin(self._models.engine(), whisper.revision)
            watch = Stopwatch()
            while True:
                hearing = Hearing(job, whisper, self._batcher, draft, watch, abandon)
                audio = audio_stream(self._store, self._sandbox, job, channels[draft.channel], draft.sample)
                with closing(audio), _kept_when_abandoned(keeper, draft):
                    for segments in hearing.hear(audio):
                        reached = draft.channel * job.duration_seconds + draft.sample / SAMPLE_RATE_HZ
                        tell(segments, len(draft.segments) - len(segments), reached / len(channels))
                        keeper.keep_from_time_to_time(draft)
                if draft.channel == len(channels) - 1:
                    return transcript_of(job, draft, hearing.facts(), self._clock())
                draft.channel, draft.sample = draft.channel + 1, 0


@contextmanager
def _kept_when_abandoned(keeper: DraftKeeper, draft: Draft) -> Iterator[None]:
    try:
        yield
    except Abandoned:
        with suppress(Unavailable):  # then there is the one before
            keeper.keep(draft)
        raise


def _channels(job: TranscriptionRequested) -> list[int] | list[None]:
    """One after the other; None for all of them mixed."""
    if not job.options.separate_channels:
        return [None]
    if job.channels > MOST_CHANNELS:
        raise Refused("too_many_channels", f"Of {job.channels} channels at most {MOST_CHANNELS} are heard separately.")
    return list(range(job.channels))


def _check_language(job: TranscriptionRequested, whisper: Whisper) -> None:
    """Faster-whisper takes another one in silence, or fails with the same message for ever."""
    language = job.options.language
    if language is not None and language not in whisper.languages:
        known = ", ".join(sorted(whisper.languages))
        raise Refused("unknown_language", f"The model {job.model} does not know {language!r}; it knows {known}.")


def _check_task(job: TranscriptionRequested, whisper: Whisper) -> None:
    """It would write what it hears in the language that it hears, and nobody would notice."""
    if job.task is Task.TRANSLATE and not whisper.translates:
        raise Refused(
            "cannot_translate",
            f"The model {job.model} has not learnt to translate: models of English alone, turbo and distilled ones "
            "only transcribe. Ask for another one, such as small, medium or large-v3.",
        )


def _go_on_unless(abandon: Event) -> None:
    if abandon.is_set():
        raise Abandoned
