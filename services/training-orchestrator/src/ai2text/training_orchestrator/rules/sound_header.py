"""How much sound a WAV or FLAC says that it holds, by its first bytes. No I/O here."""

from dataclasses import dataclass

HEADER_BYTES = 4096
"""Files of ours have theirs well within."""
TOLERATED_SECONDS = 0.002
"""Durations are told to the millisecond."""
CHUNK_BYTES = 8
FORMAT_BYTES = 16
STREAMINFO_BYTES = 18
UNKNOWN_SIZES_FROM = 0x7FFF0000
"""What recorders write that cannot seek back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    samples: int
    """Of one channel."""
    sample_rate_hz: int
    channels: int

    @property
    def seconds(self) -> float:
        return self.samples / self.sample_rate_hz

    def is_as_long_as(self, seconds: float) -> bool:
        return abs(self.seconds - seconds) <= TOLERATED_SECONDS


def sound_of(header: bytes) -> Sound | None:
    """None for what is neither, or does not say it there."""
    if header[:4] == b"fLaC":
        return _flac(header[8:])
    if header[:4] == b"RIFF" and header[8:12] == b"WAVE":
        return _wave(header)
    return None


def _flac(info: bytes) -> Sound | None:
    """By https://www.rfc-editor.org/rfc/rfc9639#name-streaminfo ."""
    packed = int.from_bytes(info[10:STREAMINFO_BYTES])
    rate, channels, samples = packed >> 44, (packed >> 41 & 0x7) + 1, packed & 0xFFFFFFFFF
    if len(info) < STREAMINFO_BYTES or not rate or not samples:
        return None
    return Sound(samples=samples, sample_rate_hz=rate, channels=channels)


def _wave(header: bytes) -> Sound | None:
    position, form = 12, b""
    while position + CHUNK_BYTES <= len(header):
        name, size = header[position : position + 4], int.from_bytes(header[position + 4 : position + 8], "little")
        if name == b"fmt ":
            form = header[position + CHUNK_BYTES : position + CHUNK_BYTES + size]
        if name == b"data":
            return _of_data(form, size)
        position += CHUNK_BYTES + size + size % 2
    return None


def _of_data(form: bytes, size_bytes: int) -> Sound | None:
    channels, rate = int.from_bytes(form[2:4], "little"), int.from_bytes(form[4:8], "little")
    frame_bytes = int.from_bytes(form[12:14], "little")
    is_plain = int.from_bytes(form[:2], "little") in {1, 3, 0xFFFE}
    if len(form) < FORMAT_BYTES or not (is_plain and channels and rate and frame_bytes):
        return None
    if not 0 < size_bytes < UNKNOWN_SIZES_FROM:
        return None
    return Sound(samples=size_bytes // frame_bytes, sample_rate_hz=rate, channels=channels)
