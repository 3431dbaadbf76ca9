"""Opus and Vorbis in Ogg: the last page says how many samples there are up to its end."""

from dataclasses import dataclass

from ai2text.audio.claims import OGG_HEADER_BYTES, OGG_PAGE_MAX_BYTES
from ai2text.audio.headers.length import Length, Unsettled
from ai2text.audio.headers.window import Window

CONTINUED, FIRST, LAST = 1, 2, 4
TAIL_BYTES = 1 << 13
"""Most encoders end a page after a second, or after 4 KiB."""
PAGES_MAX = 400
"""Of headers; a picture among them takes pages of 64 KiB."""
OPUS_RATE_HZ = 48_000
OPUS_HEADERS, VORBIS_HEADERS = 2, 3
CELT_FROM, HYBRID_FROM = 16, 12
SILK_SAMPLES = (480, 960, 1920, 2880)


@dataclass(frozen=True, slots=True)
class Page:
    """`packets` are the lengths of those that end here."""

    flags: int
    granule: int
    serial: bytes
    content: int
    packets: tuple[int, ...]
    next: int


def ogg_length(window: Window) -> Length:
    """Raises Unsettled for other codecs, chains, several tracks, and what does not begin at 0 or was not ended."""
    first = _page(window, 0)
    name = window.at(first.content, min(8, first.next - first.content))
    if name == b"OpusHead":
        return _opus(window, first)
    if name[:7] == b"\x01vorbis":
        return _vorbis(window, first)
    raise Unsettled


def _opus(window: Window, first: Page) -> Length:
    """Packets of one length, as every encoder writes them that is not told otherwise."""
    sound = _first_sound(window, first, OPUS_HEADERS)
    there = len(sound.packets) * _opus_samples(window.at(sound.content, min(2, sound.next - sound.content)))
    end = _end(window, first)
    if sound.granule != there and not (sound.flags & LAST and sound.granule < there):
        raise Unsettled
    return Length(
        container="ogg",
        samples=end - window.little(first.content + 10, 2),
        sample_rate_hz=OPUS_RATE_HZ,
        channels=window.number(first.content + 9, 1),
    )


def _opus_samples(packet: bytes) -> int:
    """RFC 6716, section 3.1: frames of one length, and how many."""
    if not packet:
        raise Unsettled
    kind = packet[0] >> 3
    if kind >= CELT_FROM:
        samples = 120 << (kind & 3)
    elif kind >= HYBRID_FROM:
        samples = 480 << (kind & 1)
    else:
        samples = SILK_SAMPLES[kind & 3]
    frames = (1, 2, 2, packet[-1] & 0x3F)[packet[0] & 3]
    return samples * frames


def _vorbis(window: Window, first: Page) -> Length:
    """A page does not say how many samples it has: not more than its packets can hold, if nothing was before it.

    Where there is but one page, FFmpeg does not heed where it ends.
    """
    sound = _first_sound(window, first, VORBIS_HEADERS)
    longest = 1 << (window.number(first.content + 28, 1) >> 4)
    end = _end(window, first)
    if sound.flags & LAST or sound.granule > len(sound.packets) * longest // 2:
        raise Unsettled
    return Length(
        container="ogg",
        samples=end,
        sample_rate_hz=window.little(first.content + 12, 4),
        channels=window.number(first.content + 11, 1),
    )


def _first_sound(window: Window, first: Page, headers: int) -> Page:
    """The page behind the headers, with which the sound begins and ends no header."""
    seen, page = len(first.packets), first
    for _ in range(PAGES_MAX):
        page = _page(window, page.next)
        if page.flags & FIRST or page.serial != first.serial:
            raise Unsettled
        if seen == headers:
            break
        seen += len(page.packets)
    if seen != headers or page.flags & CONTINUED or page.granule < 0:
        raise Unsettled
    return page


def _end(window: Window, first: Page) -> int:
    """The count of samples at the end of the last page."""
    for length in (TAIL_BYTES, OGG_PAGE_MAX_BYTES):
        tail = window.tail(length)
        at = tail.rfind(b"OggS")
        if at >= 0:
            page = _page(window, window.size_bytes - len(tail) + at)
            if page.next != window.size_bytes or not page.flags & LAST or page.serial != first.serial:
                raise Unsettled
            return page.granule
    raise Unsettled


def _page(window: Window, position: int) -> Page:
    header = window.at(position, OGG_HEADER_BYTES)
    if header[:5] != b"OggS\0":
        raise Unsettled
    lacing = window.at(position + OGG_HEADER_BYTES, header[26])
    content = position + OGG_HEADER_BYTES + len(lacing)
    return Page(
        flags=header[5],
        granule=int.from_bytes(header[6:14], "little", signed=True),
        serial=header[14:18],
        content=content,
        packets=_packets(lacing),
        next=content + sum(lacing),
    )


def _packets(lacing: bytes) -> tuple[int, ...]:
    lengths, reached = [], 0
    for byte in lacing:
        reached += byte
        if byte < 255:  # noqa: PLR2004 - a packet goes on after a full one
            lengths.append(reached)
            reached = 0
    return tuple(lengths)
