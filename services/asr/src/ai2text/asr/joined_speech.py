"""Speech with its pauses left out, as one row of samples that is read on demand and forgotten behind."""

from collections.abc import Iterator

from ai2text.asr.speech_chunks import Chunk, Reel
from ai2text.asr.timeline import Timeline
from ai2text.asr.voice_activity import SAMPLE_RATE_HZ
from ai2text.asr.voice_detector import Samples

BEHIND = SAMPLE_RATE_HZ
"""Words may begin a little before the window in which they were heard."""


class JoinedSpeech:
    """Positions are samples of the joined row."""

    def __init__(self, chunks: Iterator[Chunk]) -> None:
        self._coming = chunks
        self._reel = Reel()
        self.timeline = Timeline()

    def window(self, start: int, length: int) -> Samples:
        """At most `length` samples; fewer, or none, only where the speech ends. What was before is forgotten."""
        self._reel.forget_before(start)
        self.timeline.forget_before(start - BEHIND)
        while self._reel.end < start + length and (chunk := next(self._coming, None)) is not None:
            self._reel.append(chunk.samples)
            for piece in chunk.pieces:
                self.timeline.append(piece)
        return self._reel.between(start, start + length)
