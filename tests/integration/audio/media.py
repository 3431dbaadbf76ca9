"""Recordings made for a test, in every container that PyAV can write."""

import io
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

SAMPLES = Path(__file__).parents[3] / "libs/cli/src/ai2text/cli/ear/samples"

MUXERS = {
    "wav": ("wav", "pcm_s16le", 16_000),
    "wave": ("wav", "adpcm_ima_wav", 16_000),
    "w64": ("w64", "pcm_s16le", 16_000),
    "mp3": ("mp3", "libmp3lame", 44_100),
    "flac": ("flac", "flac", 16_000),
    "ogg": ("ogg", "flac", 16_000),
    "oga": ("oga", "libopus", 48_000),
    "opus": ("opus", "libopus", 48_000),
    "m4a": ("ipod", "aac", 44_100),
    "m4b": ("ipod", "alac", 44_100),
    "mp4": ("mp4", "aac", 44_100),
    "m4v": ("mp4", "aac", 44_100),
    "mov": ("mov", "pcm_s16be", 44_100),
    "aac": ("adts", "aac", 44_100),
    "aif": ("aiff", "pcm_s16be", 16_000),
    "aiff": ("aiff", "pcm_s24be", 16_000),
    "aifc": ("aiff", "pcm_alaw", 16_000),
    "caf": ("caf", "pcm_s16be", 16_000),
    "3gp": ("3gp", "aac", 44_100),
    "3g2": ("3g2", "aac", 44_100),
    "mka": ("matroska", "libopus", 48_000),
    "mkv": ("matroska", "flac", 16_000),
    "webm": ("webm", "libopus", 48_000),
    "ts": ("mpegts", "aac", 44_100),
    "mpg": ("mpeg", "mp2", 44_100),
    "mpeg": ("vob", "ac3", 48_000),
    "mpga": ("mp2", "mp2", 44_100),
    "asf": ("asf", "wmav2", 44_100),
    "wma": ("asf", "wmav2", 44_100),
    "wmv": ("asf", "wmav2", 44_100),
    "avi": ("avi", "libmp3lame", 44_100),
    "amr": ("amr", "libopencore_amrnb", 8_000),
    "au": ("au", "pcm_s16be", 16_000),
    "snd": ("au", "pcm_mulaw", 8_000),
    "wv": ("wv", "wavpack", 16_000),
}
"""The accepted names, each with a muxer, a codec and a sample rate."""
VORBIS = {"vorbis": ("ogg", "vorbis", 44_100)}
"""FFmpeg's own encoder, which is called experimental and wants two channels."""


@dataclass
class EndlessSource:
    """Begins with `head`, then the same byte over and over: a recording of any size without the memory."""

    head: bytes
    size_bytes: int
    fill: bytes = b"\0"

    def read(self, offset: int, length: int) -> bytes:
        head = self.head[offset : offset + length]
        return head + self.fill * (min(length, self.size_bytes - offset) - len(head))


def sound(seconds: float, sample_rate_hz: int) -> np.ndarray[Any, np.dtype[np.int16]]:
    """A tone in noise, so that no codec gets away with nothing."""
    moments = np.arange(round(seconds * sample_rate_hz))
    noise = np.random.default_rng(0).normal(0, 500, len(moments))
    return (np.sin(moments * 440 * 2 * np.pi / sample_rate_hz) * 8000 + noise).astype(np.int16)


@dataclass(frozen=True, kw_only=True)
class Wishes:
    layout: str = "mono"
    tags: dict[str, str] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)
    """Of the muxer."""
    picture_seconds: float = 0.0
    bits_per_second: int = 64_000


def make(extension: str, seconds: float = 2.0, **wishes: Any) -> bytes:
    """What would stand in a file of this name; the wishes are those of `Wishes`."""
    file = io.BytesIO()
    write(file, extension, seconds, Wishes(**wishes))
    return file.getvalue()


def write(file: io.BytesIO | str, extension: str, seconds: float, wishes: Wishes) -> None:
    muxer, codec, sample_rate_hz = (MUXERS | VORBIS)[extension]
    with av.open(file, "w", format=muxer, options=wishes.options) as container:
        strictness = {"strict": "experimental"} if extension in VORBIS else {}
        audio = container.add_stream(codec, rate=sample_rate_hz, layout=wishes.layout, options=strictness)
        assert isinstance(audio, AudioStream)
        if codec not in {"flac", "alac", "wavpack"} and not codec.startswith("pcm"):
            audio.bit_rate = 12_200 if extension == "amr" else wishes.bits_per_second
        video = _video_stream(container, extension) if wishes.picture_seconds else None
        container.metadata.update(wishes.tags)
        _write_sound(container, audio, sound(seconds, sample_rate_hz))
        if video is not None:
            _write_picture(container, video, round(wishes.picture_seconds * 25))


def _video_stream(container: OutputContainer, extension: str) -> VideoStream:
    video = container.add_stream("libvpx" if extension == "webm" else "mpeg4", rate=25)
    assert isinstance(video, VideoStream)
    video.width, video.height, video.pix_fmt = 64, 64, "yuv420p"
    return video


def _write_sound(container: OutputContainer, audio: AudioStream, samples: np.ndarray[Any, np.dtype[np.int16]]) -> None:
    channels = audio.layout.nb_channels
    for start in range(0, len(samples), 1024):
        interleaved = np.repeat(samples[start : start + 1024], channels)
        frame = AudioFrame.from_ndarray(interleaved[None], format="s16", layout=audio.layout.name)
        frame.sample_rate = audio.sample_rate
        frame.time_base = Fraction(1, audio.sample_rate)
        frame.pts = start
        container.mux(audio.encode(frame))
    container.mux(audio.encode(None))


def _write_picture(container: OutputContainer, video: VideoStream, frames: int) -> None:
    for _ in range(frames):
        container.mux(video.encode(VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")))
    container.mux(video.encode(None))
