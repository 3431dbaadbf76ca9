"""MP4, M4A and QuickTime with AAC or ALAC, not in fragments."""

from dataclasses import dataclass, replace

from ai2text.audio.headers.length import Length, Unsettled
from ai2text.audio.headers.mp4_boxes import Box, below, boxes, find, inside
from ai2text.audio.headers.mp4_sound import described_sound
from ai2text.audio.headers.window import PIECE_MAX_BYTES, Window

CONTAINER = "mov,mp4,m4a,3gp,3g2,mj2"
NORMAL_SPEED = 0x10000


@dataclass(frozen=True, slots=True)
class Times:
    packets: int
    longest: int
    total: int
    """Samples."""


def mp4_length(window: Window) -> Length:
    """All boxes are stepped over, so what was cut does not fit."""
    found = {box.name: box for box in boxes(window, 0, window.size_bytes)}
    movie = found.get(b"moov")
    if movie is None or b"moof" in found or find(window, movie, b"mvex"):
        raise Unsettled
    for track in inside(window, movie):
        if track.name == b"trak" and window.at(below(window, track, b"mdia", b"hdlr").content + 8, 4) == b"soun":
            return _track_length(window, movie, track)
    raise Unsettled


def _track_length(window: Window, movie: Box, track: Box) -> Length:
    media = below(window, track, b"mdia")
    samples = below(window, media, b"minf", b"stbl")
    sound, times = described_sound(window, samples), _times(window, below(window, samples, b"stts"))
    if sound.whole_frames:
        times = replace(times, total=times.packets * times.longest)
    if _ticks(window, below(window, media, b"mdhd")) != sound.sample_rate_hz:
        raise Unsettled
    return Length(
        container=CONTAINER,
        samples=times.total - _skipped(window, movie, track, times, sound.sample_rate_hz),
        sample_rate_hz=sound.sample_rate_hz,
        channels=sound.channels,
    )


def _ticks(window: Window, header: Box) -> int:
    """In a second, of a header of the movie or of a track's media."""
    return window.number(header.content + (20 if window.number(header.content, 1) else 12), 4)


def _times(window: Window, table: Box) -> Times:
    """All packets have one length; only the last one may be shorter."""
    count = window.number(table.content + 4, 4)
    if count not in {1, 2}:
        raise Unsettled
    at = [table.content + 8 * n for n in range(1, count + 1)]
    first, *last = [(window.number(each, 4), window.number(each + 4, 4)) for each in at]
    if any(number != 1 or length > first[1] for number, length in last):
        raise Unsettled
    return Times(first[0] + len(last), first[1], sum(number * length for number, length in (first, *last)))


def _skipped(window: Window, movie: Box, track: Box, times: Times, sample_rate_hz: int) -> int:
    """Samples before the sound. Raises Unsettled where what is to be played ends before the last packet."""
    table = find(window, track, b"edts", b"elst")
    if table is None:
        return _nothing_unless_itunes(window, movie)
    width = 8 if window.number(table.content, 1) else 4
    at = table.content + 8
    duration, start = window.number(at, width), window.number(at + width, width)
    once = window.number(table.content + 4, 4) == 1 and window.number(at + 2 * width, 4) == NORMAL_SPEED
    ticks = _ticks(window, below(window, movie, b"mvhd"))
    last = times.total - times.longest
    if not once or start > last or (start - last) * ticks + (duration - 1) * sample_rate_hz <= 0:
        raise Unsettled
    return start or _nothing_unless_itunes(window, movie)


def _nothing_unless_itunes(window: Window, movie: Box) -> int:
    """Old iTunes wrote into a comment what is to be skipped, and FFmpeg heeds it."""
    for box in inside(window, movie):
        if box.name in {b"udta", b"meta"}:
            length = box.end - box.content
            if length > PIECE_MAX_BYTES or b"iTunSMPB" in window.at(box.content, length):
                raise Unsettled
    return 0
