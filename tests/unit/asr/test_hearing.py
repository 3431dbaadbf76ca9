"""One recording through all stages of the worker's core, with the real model."""

import json
from collections.abc import Iterator
from dataclasses import replace
from threading import Event

import numpy as np
import pytest
from faster_whisper import WhisperModel
from faster_whisper.audio import decode_audio

from ai2text.asr.batcher import Batcher
from ai2text.asr.draft import Draft
from ai2text.asr.hearing import Abandoned, Hearing
from ai2text.asr.model_pool import ModelPool
from ai2text.asr.settings import AsrSettings
from ai2text.asr.stopwatch import Stopwatch
from ai2text.asr.voice_detector import Samples
from ai2text.common.contracts.states import Decoding
from ai2text.common.contracts.transcription import TranscriptionOptions
from ai2text.common.errors import Refused
from tests.fixtures.examples import REQUESTED
from tests.fixtures.stack import EAR, SAMPLES
from tests.fixtures.word_errors import word_errors, words_of

BATCHED = TranscriptionOptions(temperature=(0.0,))
SEQUENTIAL = replace(BATCHED, decoding=Decoding.SEQUENTIAL)
FACTS = json.loads((EAR / "samples.json").read_text())
ONE_WINDOW = sorted(set(FACTS) - {"silence.wav", "noise.wav", "long-two-minutes.flac"})


@pytest.fixture(scope="module")
def models() -> ModelPool:
    return ModelPool(AsrSettings(model="ear", model_paths={"ear": str(EAR / "model")}))


@pytest.fixture(scope="module")
def batcher(models: ModelPool) -> Iterator[Batcher]:
    with Batcher(models.budget, models.workers) as opened:
        yield opened


def samples_of(name: str) -> Samples:
    return np.asarray(decode_audio(str(SAMPLES / name)), np.float32)


class Core:
    def __init__(self, models: ModelPool, batcher: Batcher) -> None:
        self._models = models
        self._batcher = batcher

    def hear(self, samples: Samples, options: TranscriptionOptions, abandon: Event | None = None) -> Draft:
        draft = Draft(engine=self._models.engine(), language=options.language)
        self.go_on(samples, draft, options, abandon)
        return draft

    def go_on(
        self, samples: Samples, draft: Draft, options: TranscriptionOptions, abandon: Event | None = None
    ) -> None:
        job = replace(REQUESTED, options=options)
        rest = samples[draft.sample :]
        with self._models.lease("ear") as whisper:
            hearing = Hearing(job, whisper, self._batcher, draft, Stopwatch(), abandon or Event())
            for _ in hearing.hear(rest[at : at + 100_000] for at in range(0, len(rest), 100_000)):
                if abandon is not None:
                    abandon.set()


@pytest.fixture
def core(models: ModelPool, batcher: Batcher) -> Core:
    return Core(models, batcher)


def text_of(draft: Draft) -> str:
    return "".join(segment.text for segment in draft.segments).strip()


@pytest.mark.parametrize("name", ONE_WINDOW)
def test_sequential_decoding_of_one_window_is_faster_whispers(core: Core, name: str) -> None:
    bare = WhisperModel(str(EAR / "model"), device="cpu", compute_type="int8", cpu_threads=1)
    heard, _ = bare.transcribe(
        samples_of(name),
        temperature=[0.0],
        vad_filter=True,
        word_timestamps=True,
        condition_on_previous_text=False,
        language="en",
    )
    wanted = "".join(segment.text for segment in heard).strip()
    assert text_of(core.hear(samples_of(name), SEQUENTIAL)) == wanted


@pytest.mark.parametrize("options", [BATCHED, SEQUENTIAL], ids=["batched", "sequential"])
def test_two_minutes_are_heard_in_order_with_the_times_of_the_recording(
    core: Core, options: TranscriptionOptions
) -> None:
    samples = samples_of("long-two-minutes.flac")
    draft = core.hear(samples, options)
    said = FACTS["long-two-minutes.flac"]["text"]
    assert word_errors(said, text_of(draft)).count / len(words_of(said)) < 0.25
    times = [time for segment in draft.segments for word in segment.words for time in (word.start, word.end)]
    assert times == sorted(times)
    assert times[-1] <= len(samples) / 16_000
    assert all(segment.words for segment in draft.segments)


@pytest.mark.parametrize("name", ["silence.wav", "noise.wav"])
@pytest.mark.parametrize("options", [BATCHED, SEQUENTIAL], ids=["batched", "sequential"])
def test_nothing_is_invented_where_nothing_is_said(core: Core, name: str, options: TranscriptionOptions) -> None:
    assert core.hear(samples_of(name), options).segments == []


@pytest.mark.parametrize("samples", [np.zeros(0, np.float32), np.zeros(7, np.float32), np.full(900, 0.9, np.float32)])
@pytest.mark.parametrize("voice", [True, False])
def test_next_to_no_sound_is_an_ordinary_recording(core: Core, samples: Samples, *, voice: bool) -> None:
    core.hear(samples, replace(BATCHED, vad_filter=voice))


def test_another_worker_goes_on_where_a_draft_ends(core: Core) -> None:
    samples = samples_of("long-two-minutes.flac")
    abandon = Event()
    draft = Draft(engine=core.hear(samples[:0], BATCHED).engine, language="en")
    with pytest.raises(Abandoned):
        core.go_on(samples, draft, BATCHED, abandon)
    begun = len(draft.segments)
    assert 0 < draft.sample < len(samples)
    core.go_on(samples, draft, BATCHED)
    assert len(draft.segments) > begun
    said = FACTS["long-two-minutes.flac"]["text"]
    assert word_errors(said, text_of(draft)).count / len(words_of(said)) < 0.25


@pytest.mark.lesson("L38")
def test_l38_a_prompt_that_is_too_long_is_refused_with_the_limit(core: Core) -> None:
    with pytest.raises(Refused, match="takes 223") as refusal:
        core.hear(samples_of("01-the-weather-is-here.wav"), replace(BATCHED, initial_prompt="word " * 400))
    assert refusal.value.code == "prompt_too_long"


@pytest.mark.parametrize("options", [BATCHED, SEQUENTIAL])
def test_without_word_times_segments_have_their_own_times_only(core: Core, options: TranscriptionOptions) -> None:
    samples = samples_of("01-the-weather-is-here.wav")
    timed = core.hear(samples, options).segments
    plain = core.hear(samples, replace(options, word_timestamps=False)).segments
    assert plain == [replace(segment, words=()) for segment in timed]
