"""AIFF and AU with plain samples."""

from ai2text.audio.headers.length import Length, Unsettled
from ai2text.audio.headers.window import Window

AIFF_AS_SAID = {b"NONE", b"sowt", b"twos", b"fl32", b"FL32", b"fl64", b"FL64"}
"""Compressions that are none: each sample has the bits that the header says."""
AIFF_BYTES = {b"alaw": 1, b"ALAW": 1, b"ulaw": 1, b"ULAW": 1}
AU_BYTES = {1: 1, 2: 1, 3: 2, 4: 3, 5: 4, 6: 4, 7: 8, 27: 1}
"""By the number of the encoding: mu-law, PCM, floating point, A-law."""
MANTISSA_BITS = 63
EXPONENT_OF_ONE = 16383


def aiff_length(window: Window) -> Length:
    kind = window.at(8, 4)
    common, sound, position = -1, None, 12
    while position + 8 <= window.size_bytes:
        name, size = window.at(position, 4), window.number(position + 4, 4)
        if name == b"COMM":
            common = position + 8
        if name == b"SSND":
            sound = position + 8, size
        position += 8 + size + size % 2
    if common < 0 or sound is None or kind not in {b"AIFF", b"AIFC"}:
        raise Unsettled
    compression = window.at(common + 18, 4) if kind == b"AIFC" else b"NONE"
    channels, frames, bits = window.number(common, 2), window.number(common + 2, 4), window.number(common + 6, 2)
    sample_bytes = -(-bits // 8) if compression in AIFF_AS_SAID else AIFF_BYTES.get(compression, 0)
    content, size = sound
    told = size - 8 - window.number(content, 4)
    if not sample_bytes or told != frames * channels * sample_bytes or content + size > window.size_bytes:
        raise Unsettled
    return Length(container="aiff", samples=frames, sample_rate_hz=_rate(window, common + 8), channels=channels)


def _rate(window: Window, position: int) -> int:
    """Ten bytes of floating point; no recording has a fraction of a sample a second."""
    shift = MANTISSA_BITS - (window.number(position, 2) - EXPONENT_OF_ONE)
    if not 0 <= shift <= MANTISSA_BITS:
        raise Unsettled
    return window.number(position + 2, 8) >> shift


def au_length(window: Window) -> Length:
    """FFmpeg reads to the end of the file, so the header must say the same."""
    offset, size, encoding = (window.number(position, 4) for position in (4, 8, 12))
    frame_bytes = AU_BYTES.get(encoding, 0) * (channels := window.number(20, 4))
    if not frame_bytes or offset + size != window.size_bytes:
        raise Unsettled
    return Length(container="au", samples=size // frame_bytes, sample_rate_hz=window.number(16, 4), channels=channels)
