"""Which stretches of speech are decoded together. No I/O here."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ai2text.asr.voice_activity import SAMPLE_RATE_HZ, Speech

Pieces = tuple[Speech, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkRules:
    longest_seconds: float
    """Of speech in one chunk; no stretch may be longer."""
    pause_seconds: float = 2.0
    """A pause as long as this always ends a chunk: what comes after it seldom belongs to what was before."""


class Chunker:
    """Gathers stretches until they fill a chunk, and ends it where the speaker paused longest.

    A chunk that ended wherever it happened to be full would end in the middle of sentences.
    """

    def __init__(self, rules: ChunkRules) -> None:
        self._most = round(rules.longest_seconds * SAMPLE_RATE_HZ)
        self._pause_seconds = rules.pause_seconds
        self._gathered: list[Speech] = []

    @property
    def needed_from(self) -> int | None:
        """The first sample of what is still gathered."""
        return self._gathered[0].start if self._gathered else None

    def push(self, speech: Speech) -> Iterator[Pieces]:
        if speech.pause_seconds >= self._pause_seconds:
            yield from self.finish()
        while self._gathered and _samples(self._gathered) + speech.samples > self._most:
            yield self._take(self._best_end([*self._gathered, speech]))
        self._gathered.append(speech)

    def finish(self) -> Iterator[Pieces]:
        if self._gathered:
            yield self._take(len(self._gathered))

    def _best_end(self, pieces: Sequence[Speech]) -> int:
        """After how many pieces: where the longest pause follows, if the chunk is at least half full there."""
        ends = [n for n in range(1, len(pieces)) if _samples(pieces[:n]) * 2 >= self._most]
        return max(ends, key=lambda n: (pieces[n].pause_seconds, n), default=len(pieces) - 1)

    def _take(self, count: int) -> Pieces:
        taken, self._gathered = tuple(self._gathered[:count]), self._gathered[count:]
        return taken


def _samples(pieces: Sequence[Speech]) -> int:
    return sum(piece.samples for piece in pieces)
