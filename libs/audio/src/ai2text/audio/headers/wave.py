"""WAV, RF64 and Wave64 with plain samples."""

from collections.abc import Iterator

from ai2text.audio import claims
from ai2text.audio.headers.length import Length, Unsettled
from ai2text.audio.headers.window import Window

PLAIN = {1, 3, 6, 7}
"""PCM, floating point, A-law and mu-law: each sample takes the same number of bits."""
EXTENSIBLE = 0xFFFE
SUBFORMAT = bytes.fromhex("000000001000800000aa00389b71")
"""What follows the format's number in an extensible header."""
UNKNOWN_LENGTH = 0xFFFFFFFF
WAVE64_CHUNKS_AT = 40
WAVE64_HEADER_BYTES = 24
DTS_FRAME_BYTES = 4
"""DTS is passed off as stereo of 16 bits, or is told by its number."""


def wave_length(window: Window) -> Length:
    if window.at(8, 4) != b"WAVE":
        raise Unsettled
    long_size, samples_format, sound = 0, -1, None
    for name, content, size in _chunks(window):
        if name == b"ds64":
            long_size = window.little(content + 8, 8)
        if name == b"fmt ":
            samples_format = content
        if name == b"data":
            if sound:
                raise Unsettled  # FFmpeg plays one after the other
            sound = content, long_size if size == UNKNOWN_LENGTH else size
    if sound is None or samples_format < 0:
        raise Unsettled
    return _plain(window, "wav", samples_format, *sound)


def _chunks(window: Window) -> Iterator[tuple[bytes, int, int]]:
    """As `claims.wave_chunks`, but what is too long for its header is stepped over by its real length."""
    position, long_size = 12, 0
    while position + 8 <= window.size_bytes:
        name, size = window.at(position, 4), window.little(position + 4, 4)
        yield name, position + 8, size
        if name == b"ds64":
            long_size = window.little(position + 16, 8)
        length = long_size if name == b"data" and size == UNKNOWN_LENGTH else size
        position += 8 + length + length % 2


def wave64_length(window: Window) -> Length:
    samples_format, sound = -1, None
    position = WAVE64_CHUNKS_AT
    while position + WAVE64_HEADER_BYTES <= window.size_bytes:
        name, size = window.at(position, 4), window.little(position + 16, 8)
        content = position + WAVE64_HEADER_BYTES
        if name == b"fmt ":
            samples_format = content
        if name == b"data":
            if sound:
                raise Unsettled
            sound = content, size - WAVE64_HEADER_BYTES
        position += max(WAVE64_HEADER_BYTES, size + -size % 8)
    if sound is None or samples_format < 0:
        raise Unsettled
    return _plain(window, "w64", samples_format, *sound)


def _plain(window: Window, container: str, samples_format: int, content: int, size: int) -> Length:
    """Raises Unsettled for other samples, and for fewer of them than the header says."""
    kind = window.little(samples_format, 2)
    if kind == EXTENSIBLE and window.at(samples_format + 26, 14) == SUBFORMAT:
        kind = window.little(samples_format + 24, 2)
    channels, frame_bytes = window.little(samples_format + 2, 2), window.little(samples_format + 12, 2)
    bits = window.little(samples_format + 14, 2)
    whole = frame_bytes > 0 and frame_bytes * 8 == channels * bits and content + size <= window.size_bytes
    if kind not in PLAIN or not whole or (frame_bytes == DTS_FRAME_BYTES and _may_be_dts(window, content)):
        raise Unsettled
    return Length(
        container=container,
        samples=size // frame_bytes,
        sample_rate_hz=window.little(samples_format + 4, 4),
        channels=channels,
    )


def _may_be_dts(window: Window, content: int) -> bool:
    head = window.at(0, min(window.size_bytes, content + claims.DTS_WITHIN_BYTES))
    return any(sync in head for sync in claims.DTS_SYNC)
