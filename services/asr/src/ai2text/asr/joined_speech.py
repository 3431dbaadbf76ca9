"""Speech with its pauses left out, as one row of samples that is read on demand and forgotten behind."""

from collections.abc import Iterator

import numpy as np

from ai2text.asr.speech_chunks import Chunk
from ai2text.asr.timeline import Timeline
from ai2text.asr.voice_activity import SAMPLE_RATE_HZ
from ai2text.asr.voice_detector import Samples

BEHIND = SAMPLE_RATE_HZ
"""Words may begin a little before the window in which they were heard."""


class JoinedSpeech:
    """Positions are samples of the joined row."""

    def __init__(self, chunks: Iterator[Chunk]) -> None:
        self._coming = chunks
        self._kept = np.zeros(0, np.float32)
        self._from = 0
        self.timeline = Timeline()

    def window(self, start: int, length: int) -> Samples:
        """At most `length` samples; fewer, or none, only where the speech ends. What was before is forgotten."""
        self._forget_before(start)
        while self.timeline.end < start + length and (chunk := next(self._coming, None)) is not None:
            self._kept = np.concatenate((self._kept, chunk.samples))
            for piece in chunk.pieces:
                self.timeline.append(piece)
        return self._kept[start - self._from :][:length]

    def _forget_before(self, start: int) -> None:
        self._kept = self._kept[start - self._from :].copy()
        self._from = start
        self.timeline.forget_before(start - BEHIND)
