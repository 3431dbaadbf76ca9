"""What a track of MP4 says of its codec."""

from dataclasses import dataclass

from ai2text.audio.headers.length import Unsettled
from ai2text.audio.headers.mp4_boxes import Box, below, boxes
from ai2text.audio.headers.window import Window

ENTRY_BYTES = 36
"""Of the oldest form of a sample description, of which the boxes of the codec follow."""
ES, DECODER, SPECIFIC = 3, 4, 5
HEADER_BYTES = {ES: 3, DECODER: 13}
"""Of a descriptor, before the one in it."""
AAC = 0x40
AAC_LC = 2
RATES = (96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350)
CHANNELS = (0, 1, 2, 3, 4, 5, 6, 8)
DOUBLED_UNSAID_HZ = 24_000
"""Up to here an encoder may extend the bandwidth, which doubles the rate, without saying so."""
EXTENSION = b"\x56\xe5"
NO_EXTENSION = b"\x56\xe5\x00"


@dataclass(frozen=True, slots=True)
class Sound:
    sample_rate_hz: int
    channels: int
    whole_frames: bool
    """A decoder gives all samples of the last packet, whatever is said of its length."""


def described_sound(window: Window, sample_table: Box) -> Sound:
    description = below(window, sample_table, b"stsd")
    if window.number(description.content + 4, 4) != 1:
        raise Unsettled
    entry = next(boxes(window, description.content + 8, description.end), None)
    if entry is None or window.number(entry.content + 8, 2):
        raise Unsettled
    codec = Box(entry.name, entry.content + ENTRY_BYTES - 8, entry.end)
    if entry.name == b"mp4a":
        return _aac(_specific(window, below(window, codec, b"esds")))
    if entry.name == b"alac":
        about = below(window, codec, b"alac").content
        return Sound(window.number(about + 24, 4), window.number(about + 13, 1), whole_frames=False)
    raise Unsettled


def _specific(window: Window, box: Box) -> bytes:
    """The innermost of three descriptors, which lie in one another."""
    position = box.content + 4
    for tag in (ES, DECODER, SPECIFIC):
        if window.number(position, 1) != tag:
            raise Unsettled
        position, length = _length(window, position + 1)
        if tag == ES and window.number(position + 2, 1):
            raise Unsettled
        if tag == DECODER and window.number(position, 1) != AAC:
            raise Unsettled
        if tag == SPECIFIC:
            return window.at(position, length)
        position += HEADER_BYTES[tag]
    raise Unsettled


def _length(window: Window, position: int) -> tuple[int, int]:
    """Where the content begins, and how long it is: seven bits of each byte."""
    length = 0
    for at in range(position, position + 4):
        byte = window.number(at, 1)
        length = length << 7 | byte & 0x7F
        if byte < 0x80:  # noqa: PLR2004 - the last one
            return at + 1, length
    raise Unsettled


def _aac(header: bytes) -> Sound:
    """ISO 14496-3, section 1.6.2.1: kind, rate and channels in 13 bits, then 0 for frames of 1024 samples."""
    bits = int.from_bytes(header[:2].ljust(2, b"\xff"))
    kind, rate, channels, short = bits >> 11, bits >> 7 & 15, bits >> 3 & 15, bits >> 2 & 1
    if kind != AAC_LC or rate >= len(RATES) or channels >= len(CHANNELS) or short:
        raise Unsettled
    certain = header[2:5] == NO_EXTENSION or (header[2:4] != EXTENSION and RATES[rate] > DOUBLED_UNSAID_HZ)
    if not certain:
        raise Unsettled
    return Sound(RATES[rate], CHANNELS[channels], whole_frames=True)
