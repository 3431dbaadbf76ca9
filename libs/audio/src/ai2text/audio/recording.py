"""Opening, decoding and judging one recording with FFmpeg. Runs inside a confined child."""

import itertools
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import av
import av.error
import av.logging
from av.audio.fifo import AudioFifo
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet

from ai2text.audio import claims
from ai2text.audio.claims import Seekable
from ai2text.audio.protocol import Verdict
from ai2text.audio.sound_digest import SoundDigest

FORMATS = "wav,w64,mp3,flac,ogg,mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,aac,aiff,caf,mpegts,mpeg,asf,avi,amr,au,wv"
"""The demuxers behind the accepted names. No playlists, scripts, images or subtitles: those open other files."""
OPTIONS = {"protocol_whitelist": "pipe", "format_whitelist": FORMATS}
PLAIN = {"max_probe_packets": "0"}
"""Otherwise FFmpeg holds the samples of a WAV against all its demuxers, which takes longer than to decode a second."""
BUFFER_BYTES = 1 << 16
GROUP_SAMPLES = 500_000
"""As in faster_whisper.audio.decode_audio, so that the samples come out the same."""
GROUP_MAX_SECONDS = 600
"""Bounds memory for absurdly low sample rates; no ordinary rate gets there."""
GUESSED = "Estimating duration from bitrate"
"""FFmpeg's warning when a duration is computed from the file's size, so that it proves nothing."""
INDEX_MISSING = ("moov atom not found", "Missing packet table")
"""FFmpeg's words for files (mp4, caf) whose index would stand at their end."""


class UnusableError(Exception):
    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.code)
        self.verdict = verdict


@dataclass(slots=True)
class Tally:
    samples: Counter[int] = field(default_factory=Counter)
    """By sample rate, which may change on the way."""
    sample_rate_hz: int = 0
    channels: int = 0
    packets: int = 0
    packet_bytes: int = 0
    broken: int = 0
    latest_broken: bool = False
    ends: dict[int, int] = field(default_factory=dict)
    """Per stream, the latest moment that any packet reached, decodable or not, in units of its time base."""
    seconds: float = 0.0
    """A running sum; `duration_seconds` has no rounding errors."""

    def duration_seconds(self) -> float:
        return math.fsum(count / rate for rate, count in self.samples.items())

    def bit_rate_bps(self) -> int | None:
        seconds = self.duration_seconds()
        return round(self.packet_bytes * 8 / seconds) if seconds else None


def open_recording(file: Seekable) -> tuple[InputContainer, bool]:
    """The container, and whether its duration is only guessed from its size."""
    av.logging.set_skip_repeated(False)
    av.logging.set_level(av.logging.WARNING)
    with av.logging.Capture() as log:
        try:
            container = av.open(
                file,
                "r",
                container_options=OPTIONS | ({} if claims.may_hide_another_codec(file) else PLAIN),
                metadata_errors="replace",
                buffer_size=BUFFER_BYTES,
            )
        except MemoryError:
            raise
        except av.error.FFmpegError as exc:
            cut = any(words in entry[2] for words in INDEX_MISSING for entry in log)
            raise UnusableError(Verdict(code="truncated" if cut else "not_audio", note=str(exc))) from exc
        finally:
            av.logging.set_level(None)
    return container, any(GUESSED in entry[2] for entry in log)


def audio_stream(container: InputContainer) -> AudioStream:
    """The first one, prepared to be decoded in this one thread."""
    if not container.streams.audio:
        raise UnusableError(Verdict(code="no_audio_track"))
    stream = container.streams.audio[0]
    if stream.codec_context is None:
        raise UnusableError(Verdict(code="decode_failed", note="no decoder for this codec"))
    stream.codec_context.thread_count = 1
    stream.codec_context.thread_type = "NONE"
    return stream


def decoded(
    container: InputContainer,
    stream: AudioStream,
    tally: Tally,
    max_seconds: float,
    digest: SoundDigest | None = None,
) -> Iterator[AudioFrame]:
    for packet in _demuxed(container, tally):
        index = packet.stream_index
        if packet.pts is not None:
            tally.ends[index] = max(packet.pts + (packet.duration or 0), tally.ends.get(index, 0))
        if index != stream.index:
            continue
        tally.packets += 1
        tally.packet_bytes += packet.size
        frames = _frames(stream, packet, tally)
        if digest is not None:
            digest.add(packet, frames)
        for frame in frames:
            tally.sample_rate_hz = tally.sample_rate_hz or frame.sample_rate
            tally.channels = tally.channels or frame.layout.nb_channels
            tally.samples[frame.sample_rate] += frame.samples
            tally.seconds += frame.samples / frame.sample_rate
            if tally.seconds > max_seconds:
                raise UnusableError(Verdict(code="too_long", decoded_seconds=tally.seconds))
            yield frame


def _demuxed(container: InputContainer, tally: Tally) -> Iterator["Packet[Any]"]:
    packets = container.demux()
    while True:
        try:
            packet = next(packets, None)
        except MemoryError:
            raise
        except av.error.FFmpegError:
            tally.broken += 1
            return
        if packet is None:
            return
        yield packet


def _frames(stream: AudioStream, packet: "Packet[Any]", tally: Tally) -> list[AudioFrame]:
    try:
        frames = stream.decode(packet)
    except MemoryError:
        raise
    except av.error.FFmpegError:
        tally.broken += 1
        tally.latest_broken = True
        return []
    tally.latest_broken = tally.latest_broken and packet.size == 0
    return frames


def resampled(frames: Iterator[AudioFrame], sample_rate_hz: int, channel: int | None = None) -> Iterator[bytes]:
    """Mono s16, sample for sample what faster_whisper.audio.decode_audio makes of the same frames; or one channel.

    Where that would crash, because format, layout or rate change on the way, a new resampler takes over.
    """
    for (_, layout, _), alike in itertools.groupby(frames, key=lambda f: (f.format.name, f.layout.name, f.sample_rate)):
        resampler = AudioResampler(format="s16", layout="mono" if channel is None else layout, rate=sample_rate_hz)
        for group in itertools.chain(grouped(alike, GROUP_SAMPLES), [None]):
            for frame in resampler.resample(group):
                yield _samples_of(frame, channel or 0)


def _samples_of(frame: AudioFrame, channel: int) -> bytes:
    channels = frame.layout.nb_channels
    if channel >= channels:
        return bytes(2 * frame.samples)
    interleaved = memoryview(frame.planes[0]).cast("B")[: 2 * channels * frame.samples].cast("h")
    return interleaved[channel::channels].tobytes()


def grouped(frames: Iterator[AudioFrame], group_samples: int) -> Iterator[AudioFrame]:
    """Fewer and longer ones, of frames of one format."""
    fifo = AudioFifo()
    for frame in frames:
        frame.pts = None  # gaps between timestamps are not filled
        fifo.write(frame)
        if fifo.samples >= min(group_samples, GROUP_MAX_SECONDS * frame.sample_rate):
            yield from _drained(fifo)
    yield from _drained(fifo)


def _drained(fifo: AudioFifo) -> list[AudioFrame]:
    group = fifo.read()
    return [] if group is None else [group]
