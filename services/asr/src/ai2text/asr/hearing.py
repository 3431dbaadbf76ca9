"""One channel's way through the stages: speech out of its audio, windows to the model, segments into its draft."""

from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from itertools import chain
from threading import Event
from typing import TypeVar

import numpy as np

from ai2text.asr.batcher import Batcher
from ai2text.asr.chunking import ChunkRules
from ai2text.asr.decode_batched import decode_batched
from ai2text.asr.decode_sequentially import decode_sequentially
from ai2text.asr.draft import Draft
from ai2text.asr.joined_speech import JoinedSpeech
from ai2text.asr.listening import Ask, Listener
from ai2text.asr.speech_chunks import Chunk, speech_chunks, undivided
from ai2text.asr.stopwatch import Stopwatch
from ai2text.asr.timeline import Timeline
from ai2text.asr.transcript import Facts, segment_of
from ai2text.asr.voice_activity import SAMPLE_RATE_HZ, VoiceRules
from ai2text.asr.voice_detector import Samples
from ai2text.asr.whisper import Whisper
from ai2text.asr.window import WINDOW_SECONDS, Passage, Spoken
from ai2text.common.contracts.outcome import Segment
from ai2text.common.contracts.states import Decoding, Lane
from ai2text.common.contracts.transcription import TranscriptionOptions, TranscriptionRequested

CHUNK_SECONDS = 15.0
"""Measured: longer chunks are heard worse and cost more; docs/benchmarks.md has the figures."""
SEQUENTIAL_SILENCE_SECONDS = 2.0
"""As faster-whisper has it for sequential decoding: shorter pauses stay, for the model to hear."""
LOOK_SECONDS = 0.2

T = TypeVar("T")


class Abandoned(Exception):
    """The worker is stopping, or the job was cancelled."""


class Hearing:
    """What was heard is in the draft before it is yielded."""

    def __init__(
        self,
        job: TranscriptionRequested,
        whisper: Whisper,
        batcher: Batcher,
        draft: Draft,
        watch: Stopwatch,
        abandon: Event,
    ) -> None:
        self._options = job.options
        self._task = job.task
        self._urgent = job.lane is Lane.INTERACTIVE
        self._whisper = whisper
        self._batcher = batcher
        self._draft = draft
        self._abandon = abandon
        self._speaker = f"channel {draft.channel + 1}" if job.options.separate_channels else None
        self._watch = watch
        self._samples = draft.sample

    def hear(self, audio: Iterable[Samples]) -> Iterator[list[Segment]]:
        """`audio` begins where the draft ends. Raises Abandoned, and what `audio` and the model raise."""
        chunks = self._watch.pulling("chunks", self._chunks(self._watch.pulling("audio", self._counted(audio))))
        if self._draft.language is None:
            chunks = self._detect_language(chunks)
        if self._draft.language is None:
            return  # nobody speaks
        listener = Listener(self._batcher, self._whisper, self._ask(self._draft.language), self._watch)
        hear = self._batched if decoding_of(self._options) is Decoding.BATCHED else self._sequentially
        for segments in hear(chunks, listener):
            self._draft.segments += segments
            yield segments

    def facts(self) -> Facts:
        return Facts(
            duration_seconds=self._samples / SAMPLE_RATE_HZ,
            decoding=decoding_of(self._options),
            processing_seconds=self._watch.elapsed,
            stages=self._watch.stages(),
        )

    def _ask(self, language: str) -> Ask:
        return Ask(language=language, task=self._task, options=self._options, urgent=self._urgent)

    def _counted(self, audio: Iterable[Samples]) -> Iterator[Samples]:
        for block in audio:
            self._go_on()
            self._samples += len(block)
            yield block

    def _chunks(self, audio: Iterable[Samples]) -> Iterator[Chunk]:
        first = self._draft.sample
        if not self._options.vad_filter:
            return undivided(audio, first)
        if decoding_of(self._options) is Decoding.BATCHED:
            voice = VoiceRules(threshold=self._options.vad_threshold, longest_seconds=CHUNK_SECONDS)
            return speech_chunks(audio, voice, ChunkRules(longest_seconds=CHUNK_SECONDS), first)
        voice = VoiceRules(
            threshold=self._options.vad_threshold,
            min_silence_seconds=SEQUENTIAL_SILENCE_SECONDS,
            longest_seconds=WINDOW_SECONDS,
        )
        return speech_chunks(audio, voice, ChunkRules(longest_seconds=WINDOW_SECONDS), first)

    def _detect_language(self, chunks: Iterator[Chunk]) -> Iterator[Chunk]:
        """From the first 30 s of speech; what was taken for that comes again."""
        first: list[Chunk] = []
        while sum(chunk.seconds for chunk in first) < WINDOW_SECONDS and (chunk := next(chunks, None)) is not None:
            first.append(chunk)
        if not first:
            return iter(())
        spoken = Spoken("en", 1.0)
        if self._whisper.multilingual:
            samples = np.concatenate([chunk.samples for chunk in first])[: WINDOW_SECONDS * SAMPLE_RATE_HZ]
            window = self._whisper.window(samples)
            spoken = self._wait(self._batcher.detect_language(self._whisper, window, urgent=self._urgent))
        self._draft.language, self._draft.language_probability = spoken.language, spoken.probability
        return chain(first, chunks)

    def _batched(self, chunks: Iterator[Chunk], listener: Listener) -> Iterator[list[Segment]]:
        for heard in decode_batched(chunks, listener, self._wait):
            timeline = heard.chunk.timeline
            if heard.second is not None:
                self._draft.second_hearings.append(replace(heard.second, speaker=self._speaker))
            self._advance(heard.chunk.pieces[-1].end, heard.chunk.seconds)
            yield self._segments(heard.passages, timeline)

    def _sequentially(self, chunks: Iterator[Chunk], listener: Listener) -> Iterator[list[Segment]]:
        speech = JoinedSpeech(chunks)
        condition = self._options.condition_on_previous_text
        for passages in decode_sequentially(speech, listener, self._wait, condition_on_previous_text=condition):
            segments = self._segments(passages, speech.timeline)
            reached = max([self._draft.sample, *(round(segment.end * SAMPLE_RATE_HZ) for segment in segments)])
            self._advance(reached, (reached - self._draft.sample) / SAMPLE_RATE_HZ)
            yield segments

    def _segments(self, passages: Iterable[Passage], timeline: Timeline) -> list[Segment]:
        segments = [segment_of(passage, timeline, self._speaker) for passage in passages]
        return segments if self._options.word_timestamps else [replace(segment, words=()) for segment in segments]

    def _advance(self, sample: int, speech_seconds: float) -> None:
        self._draft.sample = sample
        self._draft.speech_seconds += speech_seconds

    def _wait(self, answer: Future[T]) -> T:
        with self._watch.on("model"):
            while True:
                self._go_on()
                try:
                    return answer.result(LOOK_SECONDS)
                except TimeoutError:
                    if answer.done():  # the model's own
                        raise

    def _go_on(self) -> None:
        if self._abandon.is_set():
            raise Abandoned


def decoding_of(options: TranscriptionOptions) -> Decoding:
    """Without voice detection there are no pauses at which to cut, and a prompt of what was before needs it heard."""
    if options.vad_filter and not options.condition_on_previous_text:
        return options.decoding
    return Decoding.SEQUENTIAL
