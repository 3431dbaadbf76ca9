"""From probabilities of speech to stretches of speech, as they come. No I/O here."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

SAMPLE_RATE_HZ = 16_000
FRAME = 512
"""Samples of one probability: 32 ms, which is what the detector was trained on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceRules:
    """When sound counts as speech. Names and figures are Silero's; the silence is that of batched decoding."""

    threshold: float = 0.5
    """Speech begins at this probability and ends 0.15 below it."""
    min_silence_seconds: float = 0.16
    """A shorter pause does not end a stretch."""
    margin_seconds: float = 0.4
    """Kept before and after a stretch, or half of the pause where that is shorter."""
    longest_seconds: float = 30.0
    """With its margins; a longer stretch is cut where it is quietest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """A stretch of speech with its margins, in samples from the start of the recording; `end` is not part of it."""

    start: int
    end: int
    pause_seconds: float
    """Of silence before it, margins included; 0 where one stretch was cut in two."""

    @property
    def samples(self) -> int:
        return self.end - self.start


@dataclass(slots=True)
class _Stretch:
    frame: int
    start: int
    pause_seconds: float
    heard: list[float] = field(default_factory=list)
    quiet_since: int | None = None
    end: int = 0
    """Without margin; set when it is over."""

    def until(self, end: int) -> Speech:
        return Speech(start=self.start, end=end, pause_seconds=self.pause_seconds)


class VoiceActivity:
    """Fed with the probabilities of one recording from `first_sample` on, frame after frame."""

    def __init__(self, rules: VoiceRules, first_sample: int = 0) -> None:
        self._first = first_sample
        self._threshold = rules.threshold
        self._release = max(rules.threshold - 0.15, 0.01)
        self._silence = round(rules.min_silence_seconds * SAMPLE_RATE_HZ)
        self._margin = round(rules.margin_seconds * SAMPLE_RATE_HZ)
        self._most_frames = max(2, (round(rules.longest_seconds * SAMPLE_RATE_HZ) - 2 * self._margin) // FRAME)
        self._frame = 0
        self._open: _Stretch | None = None
        self._over: _Stretch | None = None
        """Waits for its margin, which depends on when the next one begins."""
        self._silent_since = first_sample

    @property
    def needed_from(self) -> int:
        """Samples before this one are in no stretch that is still to come."""
        oldest = self._over or self._open
        return oldest.start if oldest else max(self._first, self._at(self._frame) - self._margin)

    def _at(self, frame: int) -> int:
        return self._first + frame * FRAME

    def push(self, probabilities: Iterable[float]) -> Iterator[Speech]:
        for probability in probabilities:
            yield from self._hear(probability)
            self._frame += 1

    def finish(self, samples: int) -> Iterator[Speech]:
        """The recording ends after so many samples."""
        if self._open is not None:
            self._end(samples if self._open.quiet_since is None else self._at(self._open.quiet_since))
        if self._over is not None:
            yield self._over.until(min(self._over.end + self._margin, samples))

    def _hear(self, probability: float) -> Iterator[Speech]:
        now = self._at(self._frame)
        if self._open is None and probability >= self._threshold:
            yield from self._begin(now)
        elif self._over is not None and now >= self._over.end + 2 * self._margin:
            yield self._over.until(self._over.end + self._margin)
            self._over = None
        if self._open is not None:
            yield from self._go_on(self._open, probability, now)

    def _begin(self, now: int) -> Iterator[Speech]:
        silence = now - self._silent_since
        margin = min(self._margin, silence)
        if self._over is not None:
            margin = min(self._margin, silence // 2)
            yield self._over.until(self._over.end + margin)
            self._over = None
        self._open = _Stretch(self._frame, now - margin, silence / SAMPLE_RATE_HZ)

    def _go_on(self, stretch: _Stretch, probability: float, now: int) -> Iterator[Speech]:
        stretch.heard.append(probability)
        if probability >= self._threshold:
            stretch.quiet_since = None
        elif probability < self._release:
            stretch.quiet_since = self._frame if stretch.quiet_since is None else stretch.quiet_since
            if now - self._at(stretch.quiet_since) >= self._silence:
                self._end(self._at(stretch.quiet_since))
                return
        if len(stretch.heard) >= self._most_frames:
            yield self._cut(stretch)

    def _end(self, end: int) -> None:
        self._over, self._open = self._open, None
        assert self._over is not None  # noqa: S101 - it was open
        self._over.end = self._silent_since = end

    def _cut(self, stretch: _Stretch) -> Speech:
        """Where the second half is quietest; what comes after is a stretch of its own."""
        half = len(stretch.heard) // 2
        quietest = min(range(half, len(stretch.heard)), key=lambda n: (stretch.heard[n], -n))
        frame = stretch.frame + quietest
        self._open = _Stretch(frame, self._at(frame), 0.0, stretch.heard[quietest:], stretch.quiet_since)
        return stretch.until(self._at(frame))
