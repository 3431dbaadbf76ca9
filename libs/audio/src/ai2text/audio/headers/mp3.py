"""MP3 whose encoder has counted the frames; any other one has to be read to its end."""

from dataclasses import dataclass

from ai2text.audio.headers.length import Length, Unsettled
from ai2text.audio.headers.window import Window

ID3_HEADER_BYTES = 10
ID3_FOOTER = 0x10
TAGS_MAX = 4
LAYER_3 = 1
MPEG_1, MPEG_2 = 3, 2
RATES = (44_100, 48_000, 32_000)
KBITS = {
    MPEG_1: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    MPEG_2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
MONO = 3
SIDE_BYTES = {(MPEG_1, False): 32, (MPEG_1, True): 17, (MPEG_2, False): 17, (MPEG_2, True): 9}
COUNTS_FRAMES, COUNTS_BYTES, HAS_TABLE, HAS_QUALITY = 1, 2, 4, 8
TELL_DELAY = {b"LAME", b"Lavf", b"Lavc"}
DECODER_DELAY = 529
"""Samples; FFmpeg takes them off too, at the beginning, and leaves them at the end."""
TAGS_BEHIND = (b"TAG", b"APET", b"LYRI")


@dataclass(frozen=True, slots=True)
class Frame:
    mpeg: int
    sample_rate_hz: int
    mono: bool
    bytes: int

    @property
    def samples(self) -> int:
        return 1152 if self.mpeg == MPEG_1 else 576


def mp3_length(window: Window) -> Length:
    position = _behind_tags(window)
    frame = _frame(window.at(position, 4))
    at = position + 4 + SIDE_BYTES[frame.mpeg, frame.mono]
    flags = window.number(at + 4, 4)
    if window.at(at, 4) not in {b"Xing", b"Info"} or not flags & COUNTS_FRAMES or not flags & COUNTS_BYTES:
        raise Unsettled
    frames, size = window.number(at + 8, 4), window.number(at + 12, 4)
    _check_end(window, position, frame, frames, size)
    encoder = at + 16 + (100 if flags & HAS_TABLE else 0) + (4 if flags & HAS_QUALITY else 0)
    return Length(
        container="mp3",
        samples=frames * frame.samples - _left_out(window, encoder),
        sample_rate_hz=frame.sample_rate_hz,
        channels=1 if frame.mono else 2,
    )


def _behind_tags(window: Window) -> int:
    position = 0
    for _ in range(TAGS_MAX):
        if window.at(position, 3) != b"ID3":
            return position
        header = window.at(position, ID3_HEADER_BYTES)
        size = 0
        for byte in header[6:]:
            size = size << 7 | byte & 0x7F
        position += size + ID3_HEADER_BYTES * (2 if header[5] & ID3_FOOTER else 1)
    raise Unsettled


def _frame(header: bytes) -> Frame:
    mpeg, layer = header[1] >> 3 & 3, header[1] >> 1 & 3
    kbits, rate, padding = header[2] >> 4, header[2] >> 2 & 3, header[2] >> 1 & 1
    synced = header[0] == 0xFF and header[1] >> 5 == 7  # noqa: PLR2004 - eleven ones
    if not synced or layer != LAYER_3 or mpeg == 1 or kbits in {0, 15} or rate == len(RATES):
        raise Unsettled
    version = MPEG_1 if mpeg == MPEG_1 else MPEG_2
    hz = RATES[rate] >> (3 - mpeg if mpeg else 2)
    length = (144 if version == MPEG_1 else 72) * 1000 * KBITS[version][kbits] // hz + padding
    return Frame(version, hz, header[3] >> 6 == MONO, length)


def _check_end(window: Window, position: int, frame: Frame, frames: int, size: int) -> None:
    """What was counted is all there, and behind it nothing but old tags. Some count the first frame too, some not."""
    kbits = KBITS[frame.mpeg]
    least, most = (72 * frame.samples // 576 * 1000 * rate // frame.sample_rate_hz for rate in (kbits[1], kbits[-1]))
    if not least * frames <= size <= (most + 1) * (frames + 1):
        raise Unsettled
    ends = (position + size, position + size + frame.bytes)
    if window.size_bytes in ends:
        return
    behind = [end for end in ends if end + 4 <= window.size_bytes]
    if not any(window.at(end, 4).startswith(TAGS_BEHIND) for end in behind):
        raise Unsettled


def _left_out(window: Window, encoder: int) -> int:
    """Samples before and after the sound that the encoder has added."""
    if window.at(encoder, 4) not in TELL_DELAY:
        return 0
    delays = window.number(encoder + 21, 3)
    return (delays >> 12) + DECODER_DELAY + max(0, (delays & 0xFFF) - DECODER_DELAY)
