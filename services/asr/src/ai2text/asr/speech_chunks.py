"""The speech of a recording, chunk by chunk, from blocks of samples; only what is still needed is kept."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from ai2text.asr.chunking import Chunker, ChunkRules, Pieces
from ai2text.asr.timeline import Timeline
from ai2text.asr.voice_activity import SAMPLE_RATE_HZ, Speech, VoiceActivity, VoiceRules
from ai2text.asr.voice_detector import Samples, VoiceDetector


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """Speech that is decoded together: its pieces, and their samples joined."""

    pieces: Pieces
    samples: Samples

    @property
    def seconds(self) -> float:
        return len(self.samples) / SAMPLE_RATE_HZ

    @property
    def start(self) -> float:
        """Seconds from the start of the recording."""
        return self.pieces[0].start / SAMPLE_RATE_HZ

    @property
    def end(self) -> float:
        return self.pieces[-1].end / SAMPLE_RATE_HZ

    @property
    def timeline(self) -> Timeline:
        return Timeline(self.pieces)


class Reel:
    """A row of samples from some point on: a recording's, or what is left of it without its pauses."""

    def __init__(self, first_sample: int = 0) -> None:
        self._kept = np.zeros(0, np.float32)
        self._from = first_sample

    @property
    def end(self) -> int:
        """Samples so far, the forgotten ones too."""
        return self._from + len(self._kept)

    def append(self, block: Samples) -> None:
        self._kept = np.concatenate((self._kept, block))

    def forget_before(self, sample: int) -> None:
        if sample > self._from:
            self._kept = self._kept[sample - self._from :].copy()
            self._from = sample

    def between(self, start: int, end: int) -> Samples:
        """As far as there are any yet; nothing of them may be forgotten."""
        return self._kept[start - self._from : end - self._from]

    def chunk(self, pieces: Pieces) -> Chunk:
        return Chunk(pieces, np.concatenate([self.between(piece.start, piece.end) for piece in pieces]))


def speech_chunks(
    blocks: Iterable[Samples], voice: VoiceRules, rules: ChunkRules, first_sample: int = 0
) -> Iterator[Chunk]:
    """`blocks` are mono samples at 16 kHz, of any length, from the `first_sample` of the recording on."""
    reel, detector = Reel(first_sample), VoiceDetector()
    activity, chunker = VoiceActivity(voice, first_sample), Chunker(rules)
    for block in blocks:
        reel.append(block)
        for speech in activity.push(detector.push(block).tolist()):
            yield from map(reel.chunk, chunker.push(speech))
        needed = chunker.needed_from
        reel.forget_before(activity.needed_from if needed is None else needed)
    for speech in (*activity.push(detector.finish().tolist()), *activity.finish(reel.end)):
        yield from map(reel.chunk, chunker.push(speech))
    yield from map(reel.chunk, chunker.finish())


def undivided(blocks: Iterable[Samples], first_sample: int = 0) -> Iterator[Chunk]:
    """Everything, silence and all: each block is a chunk of its own."""
    reel = Reel(first_sample)
    for block in blocks:
        start = reel.end
        reel.append(block)
        yield reel.chunk((Speech(start=start, end=reel.end, pause_seconds=0.0),))
        reel.forget_before(reel.end)
