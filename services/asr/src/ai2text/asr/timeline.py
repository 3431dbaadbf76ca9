"""Where joined speech lies in its recording. No I/O here."""

from bisect import bisect_right
from collections.abc import Iterable

from ai2text.asr.voice_activity import SAMPLE_RATE_HZ, Speech


class Timeline:
    """Stretches of speech, joined without their pauses, in order."""

    def __init__(self, pieces: Iterable[Speech] = ()) -> None:
        self._pieces: list[Speech] = []
        self._ends: list[int] = []
        """Where each piece ends, in samples of the joined speech."""
        self.end = 0
        for piece in pieces:
            self.append(piece)

    def append(self, piece: Speech) -> None:
        self.end += piece.samples
        self._pieces.append(piece)
        self._ends.append(self.end)

    def span_of(self, start: float, end: float) -> tuple[float, float]:
        """Seconds of the joined speech as seconds of the recording; a span lies within the piece of its middle."""
        index = min(bisect_right(self._ends, (start + end) / 2 * SAMPLE_RATE_HZ), len(self._ends) - 1)
        piece = self._pieces[index]
        first, last = piece.start / SAMPLE_RATE_HZ, piece.end / SAMPLE_RATE_HZ
        shift = last - self._ends[index] / SAMPLE_RATE_HZ
        return min(max(start + shift, first), last), max(min(end + shift, last), first)

    def forget_before(self, sample: int) -> None:
        """Pieces that end before this sample of the joined speech; the last one is always kept."""
        past = min(bisect_right(self._ends, sample), len(self._ends) - 1)
        del self._pieces[:past], self._ends[:past]
