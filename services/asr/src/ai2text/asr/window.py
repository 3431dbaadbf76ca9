"""What is asked of a model at once, and what it says: the currency between recordings and the batcher."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ai2text.common.contracts.states import Task

Features = npt.NDArray[np.float32]
"""Log-mel, of shape (mels, frames of 10 ms)."""

FRAMES_PER_SECOND = 100
WINDOW_SECONDS = 30
WINDOW_FRAMES = WINDOW_SECONDS * FRAMES_PER_SECOND
"""What Whisper was trained on, and the most that it takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How to decode. Windows of one manner fit into one batch."""

    language: str
    task: Task
    beam_size: int
    temperature: float
    """Above 0 the decoder samples, and `beam_size` counts for nothing."""
    timestamps: bool
    """Whether the model itself marks times between its words; those of words are aligned afterwards in any case."""
    prompt_tokens: int
    """Prompts in a batch are of one length."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Window:
    """At most 30 s of sound on its way to the model, and the text before it, as tokens; empty for none."""

    features: Features
    encoded_frames: int
    """With the silence that the model gets to see after the sound."""
    prompt: tuple[int, ...] = ()

    @property
    def frames(self) -> int:
        return int(self.features.shape[1])


@dataclass(frozen=True, slots=True)
class Spoken:
    """The likeliest language of a window."""

    language: str
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedWord:
    """Times in seconds from the start of the window; `text` keeps its leading space."""

    start: float
    end: float
    text: str
    probability: float
    tokens: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypothesis:
    """What the model heard in one window; the measures are Whisper's own."""

    tokens: tuple[int, ...]
    """With the marks of time, where there are any."""
    text: str
    words: tuple[TimedWord, ...]
    avg_logprob: float
    no_speech_prob: float
    compression_ratio: float
    temperature: float
    spoken: Spoken
    """Which language the model takes the window to be in, whatever was asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """Words that were heard together; their times are seconds of the joined speech that the window is a part of."""

    words: tuple[TimedWord, ...]
    heard: Hypothesis
    window_start: float
    """Likewise."""
