"""Stretches of a recording that become files of their own, and what those are like. No I/O here."""

from collections.abc import Sequence
from dataclasses import dataclass

from ai2text.common.contracts.definition import Codec
from ai2text.training_orchestrator.rows import Row, sample_at

AT_ONCE = 64
"""Files that are open at the same time, for spans that overlap."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Span:
    """Samples of a recording, at the rate of the file that they become."""

    first: int
    beyond: int

    def __post_init__(self) -> None:
        if not 0 <= self.first < self.beyond:
            raise ValueError(f"there is no sample from {self.first} to {self.beyond}")

    @property
    def samples(self) -> int:
        """Of each channel."""
        return self.beyond - self.first


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioForm:
    codec: Codec
    sample_rate_hz: int
    channels: int
    """1 mixes those of the recording; otherwise it has as many."""


def span_of(row: Row) -> Span:
    first = 0 if row.whole else sample_at(row.start, row.sample_rate_hz)
    return Span(first=first, beyond=first + row.file_samples)


def form_of(row: Row) -> AudioForm:
    return AudioForm(codec=row.codec, sample_rate_hz=row.sample_rate_hz, channels=row.channels)


def in_one_decode(spans: Sequence[Span], at_once: int = AT_ONCE) -> int:
    """How many of the first of them, which are sorted, can be made side by side.

    Each is handed over after those before it, so a long one keeps the ones that begin in it waiting.
    """
    oldest = 0
    for number, span in enumerate(spans):
        while oldest < number and spans[oldest].beyond <= span.first:
            oldest += 1
        if number - oldest == at_once:
            return number
    return len(spans)
