"""By which the same sound is known again under other bytes. Runs inside a confined child."""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.packet import Packet

WHOLE_NUMBERS = {"u8", "u8p", "s16", "s16p", "s32", "s32p", "s64", "s64p"}
"""Formats of samples which every machine decodes alike."""
WHOLE_SECONDS = 10
"""From the beginning; of each second after them a twentieth: all of a WAV takes a quarter of the time of decoding."""
ONE_OF = 20


class SoundDigest:
    """SHA-256 of the samples, and of how many there are, where they are whole numbers: a WAV and its FLAC agree.

    What decodes to fractions, as MP3, AAC and Opus do, comes out a little different on another processor: there it is
    that of the packets that were decoded, in which neither tags nor pictures are.
    """

    def __init__(self, codec: str) -> None:
        self._codec = codec
        self._digest = hashlib.sha256()
        self._kind: tuple[str, int, int] | None = None
        self._interleaving: AudioResampler | None = None
        self._position = 0
        self._due = 0

    def add(self, packet: "Packet[Any]", frames: Sequence[AudioFrame]) -> None:
        """In order; what nothing could be made of is not part of the sound."""
        for frame in frames:
            end = self._position + frame.samples
            if end > self._due:
                self._add(packet, frame)
                self._due = _next_heard(end, frame.sample_rate)
            self._position = end

    def hexdigest(self) -> str | None:
        """None for no sound at all. Asked once."""
        if self._kind is None:
            return None
        self._digest.update(str(self._position).encode())
        return self._digest.hexdigest()

    def _add(self, packet: "Packet[Any]", frame: AudioFrame) -> None:
        whole_numbers = frame.format.name in WHOLE_NUMBERS
        self._begin(frame, frame.format.packed.name if whole_numbers else self._codec)
        if whole_numbers:
            self._add_samples(frame)
        else:
            self._digest.update(packet)

    def _begin(self, frame: AudioFrame, form: str) -> None:
        kind = (form, frame.sample_rate, frame.layout.nb_channels)
        if kind != self._kind:
            self._digest.update("/".join(map(str, kind)).encode())
            self._kind = kind
            self._interleaving = AudioResampler(format=frame.format.packed.name) if _is_apart(frame) else None

    def _add_samples(self, frame: AudioFrame) -> None:
        """Little-endian as on all machines that this runs on, and the channels of each moment together."""
        start = self._position
        for packed in self._interleaving.resample(frame) if self._interleaving else [frame]:
            size = packed.layout.nb_channels * packed.format.bytes
            samples = memoryview(packed.planes[0]).cast("B")
            for first, last in _heard(start, start + packed.samples, frame.sample_rate):
                self._digest.update(samples[first * size : last * size])
            start += packed.samples


def _is_apart(frame: AudioFrame) -> bool:
    return frame.format.name in WHOLE_NUMBERS and frame.format.is_planar and frame.layout.nb_channels > 1


def _heard(start: int, end: int, rate_hz: int) -> Iterator[tuple[int, int]]:
    """Which of these samples are looked at, counted from the first of them."""
    for second in range(start // rate_hz, end // rate_hz + 1):
        first, last = max(start, second * rate_hz), min(end, _heard_until(second, rate_hz))
        if first < last:
            yield first - start, last - start


def _next_heard(sample: int, rate_hz: int) -> int:
    second = sample // rate_hz
    return sample if sample < _heard_until(second, rate_hz) else (second + 1) * rate_hz


def _heard_until(second: int, rate_hz: int) -> int:
    share = 1 if second < WHOLE_SECONDS else ONE_OF
    return second * rate_hz + max(rate_hz // share, 1)
