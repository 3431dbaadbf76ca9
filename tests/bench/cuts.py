"""Recordings cut into rows: the confined decoder and its encoders, beside PyAV in one process without either.

Both decode once, cut the same spans, encode each with the same encoder into a file without a name, and hash it.
"""

import hashlib
import io
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
import psutil
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream

from ai2text.audio.sandbox import Sandbox, SandboxSettings
from ai2text.common.contracts.definition import Codec
from ai2text.training_orchestrator.audio_spans import AudioForm, Span
from ai2text.training_orchestrator.cut_audio import cut_audio
from tests.bench.table import Figure, Row
from tests.fixtures.memory_source import MemorySource
from tests.fixtures.sounds import Frames, frames_of, recorded

ENCODERS = {Codec.WAV: ("wav", "pcm_s16le"), Codec.FLAC: ("flac", "flac"), Codec.OPUS: ("ogg", "libopus")}
SPAN_SECONDS = 8
MIB = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Case:
    name: str
    muxer: str
    codec: str
    sample_rate_hz: int
    channels: int
    cut_as: Codec


CASES = (
    Case(
        name="telephone WAV to FLAC",
        muxer="wav",
        codec="pcm_s16le",
        sample_rate_hz=8_000,
        channels=2,
        cut_as=Codec.FLAC,
    ),
    Case(name="studio FLAC to WAV", muxer="flac", codec="flac", sample_rate_hz=48_000, channels=2, cut_as=Codec.WAV),
    Case(name="studio FLAC to FLAC", muxer="flac", codec="flac", sample_rate_hz=48_000, channels=2, cut_as=Codec.FLAC),
    Case(name="studio FLAC to Opus", muxer="flac", codec="flac", sample_rate_hz=48_000, channels=2, cut_as=Codec.OPUS),
    Case(name="MP3 to FLAC", muxer="mp3", codec="libmp3lame", sample_rate_hz=44_100, channels=1, cut_as=Codec.FLAC),
)


def spans_of(case: Case, seconds: int) -> list[Span]:
    step = SPAN_SECONDS * case.sample_rate_hz
    return [Span(first=first, beyond=first + step) for first in range(0, seconds * case.sample_rate_hz - step, step)]


def plainly(content: bytes, case: Case, spans: list[Span]) -> Iterator[bytes]:
    """Hashes of the cuts; spans follow each other."""
    held: list[Frames] = []
    reached, left = 0, iter(spans)
    span = next(left, None)
    for block in _decoded(content):
        held.append(block)
        reached += len(block)
        while span is not None and span.beyond <= reached:
            sound = np.concatenate(held)
            first = reached - len(sound)
            yield _encoded(sound[span.first - first : span.beyond - first], case)
            held = [sound[span.beyond - first :]]
            span = next(left, None)


def _decoded(content: bytes) -> Iterator[Frames]:
    resampler = AudioResampler(format="s16")
    with av.open(io.BytesIO(content), "r") as container:
        for frame in container.decode(audio=0):
            for made in resampler.resample(frame):
                yield made.to_ndarray().reshape(-1, made.layout.nb_channels)


def _encoded(samples: Frames, case: Case) -> bytes:
    layout = "mono" if case.channels == 1 else "stereo"
    muxer, codec = ENCODERS[case.cut_as]
    with tempfile.TemporaryFile() as file:
        with av.open(file, "w", format=muxer) as container:
            stream = container.add_stream(codec, rate=case.sample_rate_hz, layout=layout)
            assert isinstance(stream, AudioStream)
            stream.codec_context.format = "s16"
            if case.cut_as is Codec.OPUS:
                stream.bit_rate = 48_000 * case.channels
            frame = AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout=layout)
            frame.sample_rate, frame.time_base = case.sample_rate_hz, Fraction(1, case.sample_rate_hz)
            frame.pts = 0
            container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        file.seek(0)
        return hashlib.file_digest(file, "sha256").digest()


class Stopwatch:
    """Seconds since it was made: by the clock, and of the processors for this process and all that it starts."""

    def __init__(self) -> None:
        self._began, self._used = time.perf_counter(), _processor_seconds()

    def stop(self) -> None:
        self.wall = time.perf_counter() - self._began
        self.processor = _processor_seconds() - self._used


def _processor_seconds() -> float:
    """A decoder counts once the fork server has noticed its end."""
    own = psutil.Process()
    while len(own.children(recursive=True)) > len(own.children()):
        time.sleep(0.01)
    return sum(sum(process.cpu_times()[:4]) for process in (own, *own.children()))


def run(minutes: int = 20) -> list[Row]:
    with Sandbox(SandboxSettings()) as sandbox:
        return [_row(case, sandbox, minutes * 60) for case in CASES]


def _row(case: Case, sandbox: Sandbox, seconds: int) -> Row:
    sound = frames_of(60, case.sample_rate_hz, case.channels, "s16")
    content = recorded(case.muxer, case.codec, case.sample_rate_hz, np.tile(sound, (seconds // 60, 1)))
    spans = spans_of(case, seconds)
    form = AudioForm(codec=case.cut_as, sample_rate_hz=case.sample_rate_hz, channels=case.channels)
    plain = Stopwatch()
    made = sum(1 for _ in plainly(content, case, spans))
    plain.stop()
    ours = Stopwatch()
    size_bytes = sum(file.size_bytes for _, file in cut_audio(sandbox, MemorySource(content), spans, form))
    ours.stop()
    figures = [
        Figure("cuts", f"{made}"),
        Figure("files", f"{size_bytes / MIB:.0f} MiB"),
        Figure("PyAV in one process", f"{plain.wall:.1f} s, {plain.processor:.1f} s of processor"),
        Figure("cut_audio", f"{ours.wall:.1f} s, {ours.processor:.1f} s of processor"),
        Figure("times real time", f"{seconds / ours.wall:,.0f}"),
        Figure("of PyAV's time", f"{ours.wall / plain.wall:.0%}"),
        Figure("of its processor time", f"{ours.processor / plain.processor:.0%}"),
    ]
    return Row(name=case.name, figures=figures)
