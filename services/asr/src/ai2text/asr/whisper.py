"""One batch of windows through a Whisper of CTranslate2: encode, generate, align."""

import zlib
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from ctranslate2 import StorageView
from ctranslate2.models import WhisperGenerationResult
from faster_whisper import WhisperModel
from faster_whisper.tokenizer import Tokenizer
from faster_whisper.transcribe import get_suppressed_tokens

from ai2text.asr.voice_activity import SAMPLE_RATE_HZ
from ai2text.asr.voice_detector import Samples
from ai2text.asr.window import WINDOW_FRAMES, Hypothesis, Manner, Spoken, TimedWord, Window
from ai2text.asr.words import timed_words
from ai2text.common.contracts.states import Task

FLOOR_FRAMES = 500
MARGIN_FRAMES = 100
STEP_FRAMES = 50
"""A window is as short as its sound allows, but at least 5 s, with a second of silence at its end, in steps of 0.5 s.
Whisper is usually fed 30 s, most of it padding for a short clip; docs/benchmarks.md has what that costs."""
SAMPLED_HYPOTHESES = 5
MAX_INITIAL_TIMESTAMP = 50
"""In steps of 20 ms: the first word begins within a second."""


class Whisper:
    """A loaded model as the batcher sees it. Safe to use from several threads."""

    def __init__(self, model: WhisperModel, revision: str | None = None, *, whole_decoder: bool = True) -> None:
        self._model = model
        self.revision = revision
        self.multilingual = multilingual = bool(model.model.is_multilingual)
        self.translates = multilingual and whole_decoder
        """Into English; others write what they hear, whatever is asked."""

        @lru_cache(maxsize=64)
        def tokenizer(language: str, task: Task) -> Tokenizer:
            """Holds no reference to this object, which is freed with its last user."""
            return Tokenizer(model.hf_tokenizer, multilingual, task=task.value, language=language)

        self.tokenizer = tokenizer

    def unload(self) -> bool:
        """Frees the weights; False while a batch is under way, for then CTranslate2 leaves them be without a word."""
        self._model.model.unload_model()
        return not self.loaded

    @property
    def loaded(self) -> bool:
        return bool(self._model.model.model_is_loaded)

    @property
    def languages(self) -> list[str]:
        return list(self._model.supported_languages)

    @property
    def prompt_tokens_max(self) -> int:
        """Of text before a window; the other half of the decoder's length is for what it hears."""
        return int(self._model.max_length) // 2 - 1

    def window(self, samples: Samples, prompt: tuple[int, ...] = (), *, full: bool = False) -> Window:
        """At most 30 s of mono sound at 16 kHz; its log-mel is normalised by the loudest moment in it.

        A full window has 30 s for the model whatever the sound, as faster-whisper has it.
        """
        enough = np.pad(samples, (0, max(0, SAMPLE_RATE_HZ // 10 - len(samples))))
        mel = self._model.feature_extractor(enough)[:, :-1]
        features = np.ascontiguousarray(mel[:, :WINDOW_FRAMES], dtype=np.float32)
        encoded = WINDOW_FRAMES if full else window_length(features.shape[1])
        return Window(features=features, encoded_frames=encoded, prompt=prompt)

    def detect_language(self, windows: Sequence[Window]) -> list[Spoken]:
        return self._languages(self._encode(windows), len(windows))

    def decode(self, manner: Manner, windows: Sequence[Window]) -> list[Hypothesis]:
        """All of this manner. Raises RuntimeError where the device fails."""
        tokenizer = self.tokenizer(manner.language, manner.task)
        encoded = self._encode(windows)
        languages = self._languages(encoded, len(windows))
        results = self._generate(encoded, manner, tokenizer, windows)
        aligned = self._align(encoded, tokenizer, results, windows)
        return [
            Hypothesis(
                tokens=tuple(tokens),
                text=(text := tokenizer.decode(tokens)),
                words=words,
                avg_logprob=result.scores[0] * len(tokens) / (len(tokens) + 1),
                no_speech_prob=result.no_speech_prob,
                compression_ratio=compression_ratio(text.strip()),
                temperature=manner.temperature,
                spoken=spoken,
            )
            for result, words, spoken in zip(results, aligned, languages, strict=True)
            for tokens in result.sequences_ids[:1]
        ]

    def _languages(self, encoded: StorageView, windows: int) -> list[Spoken]:
        if not self.multilingual:
            return [Spoken("en", 1.0)] * windows
        heard = self._model.model.detect_language(encoded)
        return [Spoken(token[2:-2], probability) for (token, probability), *_ in heard]  # <|en|>

    def _encode(self, windows: Sequence[Window]) -> StorageView:
        length = max(window.encoded_frames for window in windows)
        batch = np.zeros((len(windows), windows[0].features.shape[0], length), np.float32)
        for row, window in zip(batch, windows, strict=True):
            row[:, : window.frames] = window.features
        return self._model.model.encode(StorageView.from_array(batch))

    def _generate(
        self, encoded: StorageView, manner: Manner, tokenizer: Tokenizer, windows: Sequence[Window]
    ) -> list[WhisperGenerationResult]:
        start = [*tokenizer.sot_sequence, *([] if manner.timestamps else [tokenizer.no_timestamps])]
        if manner.temperature > 0:
            search = {
                "beam_size": 1,
                "num_hypotheses": SAMPLED_HYPOTHESES,
                "sampling_topk": 0,
                "sampling_temperature": manner.temperature,
            }
        else:
            search = {"beam_size": manner.beam_size}
        return list(
            self._model.model.generate(
                encoded,
                [[*window.prompt, *start] for window in windows],
                max_length=self._model.max_length,
                return_scores=True,
                return_no_speech_prob=True,
                suppress_tokens=list(get_suppressed_tokens(tokenizer, [-1])),
                max_initial_timestamp_index=MAX_INITIAL_TIMESTAMP,
                **search,
            )
        )

    def _align(
        self,
        encoded: StorageView,
        tokenizer: Tokenizer,
        results: Sequence[WhisperGenerationResult],
        windows: Sequence[Window],
    ) -> list[tuple[TimedWord, ...]]:
        texts = [[token for token in result.sequences_ids[0] if token < tokenizer.eot] for result in results]
        found = self._model.model.align(
            encoded, tokenizer.sot_sequence, texts, [window.frames for window in windows], median_filter_width=7
        )
        return [
            timed_words(one.alignments, one.text_token_probs, tokens, tokenizer)
            for one, tokens in zip(found, texts, strict=True)
        ]


def window_length(frames: int) -> int:
    """Frames that are encoded for so many frames of sound."""
    wanted = max(FLOOR_FRAMES, frames + MARGIN_FRAMES)
    return min(WINDOW_FRAMES, -(-wanted // STEP_FRAMES) * STEP_FRAMES)


def compression_ratio(text: str) -> float:
    """How much shorter zlib makes it: over 2.4 it repeats itself (the measure is Whisper's)."""
    content = text.encode()
    return len(content) / len(zlib.compress(content))
