"""Cuts against the samples of the recording they are from."""

import hashlib
import io
import os
import signal
import struct
import subprocess
import sys
import tempfile
import wave
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ai2text.audio.sandbox import Sandbox, SandboxSettings
from ai2text.audio.source import AudioSource
from ai2text.common.contracts.definition import Codec
from ai2text.common.errors import Refused, StoreUnavailable, Unavailable
from ai2text.training_orchestrator.audio_spans import AudioForm, Span
from ai2text.training_orchestrator.cut_audio import cut_audio
from ai2text.training_orchestrator.rows import sample_at
from tests.fixtures.memory import Peaks
from tests.fixtures.memory_source import MemorySource
from tests.fixtures.sounds import Frames, decoded, frames_of, recorded
from tests.integration.audio.media import EndlessSource

SECONDS = 3.217
STUDIO = Path(__file__).parents[3] / "libs/cli/src/ai2text/cli/ear/samples/studio-48khz-stereo.flac"


@dataclass(frozen=True, kw_only=True)
class Recorded:
    content: bytes
    frames: Frames
    kind: str
    sample_rate_hz: int

    @property
    def form(self) -> AudioForm:
        return AudioForm(codec=Codec.WAV, sample_rate_hz=self.sample_rate_hz, channels=self.frames.shape[1])


@cache
def recording(name: str) -> Recorded:
    if name == "wav":
        frames = frames_of(SECONDS, 8_000, 2, "s16")
        return Recorded(
            content=recorded("wav", "pcm_s16le", 8_000, frames), frames=frames, kind="s16", sample_rate_hz=8_000
        )
    if name == "flac":
        frames = frames_of(SECONDS, 44_100, 1, "s32")
        return Recorded(
            content=recorded("flac", "flac", 44_100, frames), frames=frames, kind="s32", sample_rate_hz=44_100
        )
    muxer, codec, rate = {
        "mp3": ("mp3", "libmp3lame", 44_100),
        "opus": ("ogg", "libopus", 48_000),
        "m4a": ("ipod", "aac", 22_050),
    }[name]
    content = recorded(muxer, codec, rate, frames_of(SECONDS, rate, 2, "s16"))
    return Recorded(content=content, frames=decoded(content, "s16"), kind="s16", sample_rate_hz=rate)


NAMES = ("wav", "flac", "mp3", "opus", "m4a")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxSettings()) as pool:
        yield pool


def cut(
    sandbox: Sandbox, source: AudioSource | bytes, spans: Sequence[Span], form: AudioForm
) -> list[tuple[Span, bytes]]:
    """Everything, with what is told of the files checked."""
    found = []
    for span, file in cut_audio(sandbox, MemorySource(source) if isinstance(source, bytes) else source, spans, form):
        file.file.seek(0)
        content = file.file.read()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (file.size_bytes, file.sha256)
        found.append((span, content))
    return found


def span(start_ms: int, end_ms: int, sample_rate_hz: int) -> Span:
    return Span(first=sample_at(start_ms / 1000, sample_rate_hz), beyond=sample_at(end_ms / 1000, sample_rate_hz))


def whole(source: Recorded) -> Span:
    return Span(first=0, beyond=len(source.frames))


stretches = st.lists(
    st.integers(0, 3_190).flatmap(lambda start: st.tuples(st.just(start), st.integers(start + 1, 3_217))),
    min_size=1,
    max_size=6,
)


@given(name=st.sampled_from(NAMES), codec=st.sampled_from([Codec.WAV, Codec.FLAC]), times=stretches)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_cut_is_the_slice_of_the_recording_to_the_sample(
    sandbox: Sandbox, name: str, codec: Codec, times: list[tuple[int, int]]
) -> None:
    source = recording(name)
    spans = [span(*one, source.sample_rate_hz) for one in times]
    spans = [one for one in spans if one.beyond <= len(source.frames)]
    found = cut(sandbox, source.content, spans, replace(source.form, codec=codec))
    assert [one for one, _ in found] == sorted(spans)
    for one, content in found:
        assert np.array_equal(decoded(content, source.kind), source.frames[one.first : one.beyond])


@pytest.mark.lesson("L13")
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("codec", [Codec.WAV, Codec.FLAC])
def test_l13_a_conversion_of_a_whole_recording_loses_nothing(sandbox: Sandbox, name: str, codec: Codec) -> None:
    source = recording(name)
    ((_, content),) = cut(sandbox, source.content, [whole(source)], replace(source.form, codec=codec))
    assert np.array_equal(decoded(content, source.kind), source.frames)


def test_a_wave_of_16_bits_is_one_that_anybody_reads(sandbox: Sandbox) -> None:
    source = recording("wav")
    ((_, content),) = cut(sandbox, source.content, [span(500, 1_501, 8_000)], source.form)
    with wave.open(io.BytesIO(content)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8_000, 2, 2)
        samples = np.frombuffer(file.readframes(10**6), dtype="<i2").reshape(-1, 2)
    assert np.array_equal(samples, source.frames[4_000:12_008])


@pytest.mark.parametrize("name", NAMES)
def test_opus_has_every_sample_of_the_span_in_its_place(sandbox: Sandbox, name: str) -> None:
    source = recording(name)
    form = replace(source.form, codec=Codec.OPUS, sample_rate_hz=48_000)
    spans = [span(0, 1, 48_000), span(17, 1_018, 48_000), span(1_018, 3_217, 48_000)]
    wide = decoded(source.content, "s16", rate=48_000).astype(float)
    for one, content in cut(sandbox, source.content, spans, form):
        heard = decoded(content, "s16").astype(float)
        assert heard.shape == (one.samples, source.frames.shape[1])
        if one.samples > 1_000:
            spoken = wide[one.first : one.beyond]
            heard = heard[: len(spoken)]
            assert np.corrcoef(spoken[:, 0], heard[:, 0])[0, 1] > 0.95


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 48_000])
@pytest.mark.parametrize("name", NAMES)
def test_another_rate_and_one_channel_are_what_pyav_makes_of_the_whole(sandbox: Sandbox, name: str, rate: int) -> None:
    source = recording(name)
    everything = Span(first=0, beyond=round(len(source.frames) / source.sample_rate_hz * rate))
    form = AudioForm(codec=Codec.FLAC, sample_rate_hz=rate, channels=1)
    wanted = decoded(source.content, source.kind, layout="mono", rate=rate)
    for one, content in cut(sandbox, source.content, [span(100, 1_300, rate), everything], form):
        heard = decoded(content, source.kind)
        assert len(heard) == one.samples
        known = wanted[one.first : one.beyond] & (~0xFF if source.kind == "s32" else ~0)
        assert len(heard) - len(known) <= 0.002 * rate
        assert np.array_equal(heard[: len(known)], known)


SCRIPT = """
import ctypes, sys
sys.path.insert(0, sys.argv[1])
from tests.integration.training.test_cut_audio import hashes
if sys.argv[2] == "plain":
    (library,) = {line.split()[-1] for line in open("/proc/self/maps") if "libavutil" in line}
    ctypes.CDLL(library).av_force_cpu_flags(0)
print(hashes(sys.argv[3]))
"""


def hashes(codec: str) -> list[str]:
    """Of cuts out of recordings without loss."""
    studio = STUDIO.read_bytes()
    known = Recorded(content=studio, frames=decoded(studio, "s16"), kind="s16", sample_rate_hz=48_000)
    found = []
    with Sandbox(SandboxSettings(children=1)) as sandbox:
        for source in (known, recording("wav"), recording("flac")):
            rate = 48_000 if codec == Codec.OPUS else source.sample_rate_hz
            form = replace(source.form, codec=Codec(codec), sample_rate_hz=rate)
            spans = [span(0, 1_000, rate), span(0, 2_152, rate), span(700, 2_113, rate)]
            found += [hashlib.sha256(content).hexdigest() for _, content in cut(sandbox, source.content, spans, form)]
    return found


def hashes_of_another_process(codec: Codec, processor: str) -> str:
    root = str(Path(__file__).parents[3])
    command = [sys.executable, "-c", SCRIPT, root, processor, codec]
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=root).stdout.strip()


@pytest.mark.parametrize("codec", [Codec.WAV, Codec.FLAC, Codec.OPUS])
def test_another_process_makes_the_same_bytes(codec: Codec) -> None:
    assert hashes_of_another_process(codec, "this") == str(hashes(codec))


@pytest.mark.skipif(sys.platform != "linux", reason="FFmpeg's library is found in /proc")
@pytest.mark.parametrize("codec", [Codec.WAV, Codec.FLAC])
def test_an_encoder_makes_the_same_bytes_on_a_processor_that_can_do_less(codec: Codec) -> None:
    assert hashes_of_another_process(codec, "plain") == str(hashes(codec))


@pytest.mark.parametrize("codec", [Codec.WAV, Codec.FLAC, Codec.OPUS])
def test_no_file_tells_by_what_or_when_it_was_made(sandbox: Sandbox, codec: Codec) -> None:
    source = recording("opus")
    ((_, content),) = cut(sandbox, source.content, [span(0, 50, 48_000)], replace(source.form, codec=codec))
    for version in (b"Lav", b"libopus 1", av.ffmpeg_version_info.encode(), b"202"):
        assert version not in content


def test_threads_cut_side_by_side_without_minding_each_other(sandbox: Sandbox) -> None:
    source = recording("mp3")
    spans = [span(100 * n, 100 * n + 950, 44_100) for n in range(20)]
    alone = cut(sandbox, source.content, spans, source.form)
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: cut(sandbox, source.content, spans, source.form), range(4)))
    assert all(each == alone for each in found)


def test_more_spans_at_one_moment_than_files_may_be_open_are_cut_all_the_same(sandbox: Sandbox) -> None:
    source = recording("wav")
    spans = [whole(source)] + [span(n, n + 20, 8_000) for n in range(200)]
    found = cut(sandbox, source.content, spans, source.form)
    assert [one for one, _ in found] == sorted(spans)
    assert all(np.array_equal(decoded(content, "s16"), source.frames[one.first : one.beyond]) for one, content in found)


@dataclass
class Interrupted:
    """Like Ctrl-C, the end of memory or a store that goes away: at the third read something happens."""

    content: bytes
    happens: object
    reads: int = 0

    @property
    def size_bytes(self) -> int:
        return len(self.content)

    def read(self, offset: int, length: int) -> bytes:
        self.reads += 1
        if self.reads == 3 and callable(self.happens):
            self.happens()
        return self.content[offset : offset + length]


@cache
def minutes() -> bytes:
    return recorded("wav", "pcm_s16le", 8_000, frames_of(300, 8_000, 2, "s16"))


EIGHT = AudioForm(codec=Codec.FLAC, sample_rate_hz=8_000, channels=2)
LONG = [Span(first=0, beyond=8_000), Span(first=4_000, beyond=2_400_000)]


def open_files() -> list[str]:
    """Without connections over TCP: those of the whole run's clients come and go meanwhile."""
    pairs = {f"socket:[{line.split()[6]}]" for line in Path("/proc/net/unix").read_text().splitlines()[1:]}
    targets = [str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.exists()]
    return sorted(target for target in targets if not target.startswith("socket:") or target in pairs)


@pytest.fixture
def nothing_left(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Neither an open file nor one with a name, and no child."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = open_files()
    yield
    assert open_files() == before
    assert list(tmp_path.iterdir()) == []
    assert sandbox.child_pids() == []


@pytest.mark.lesson("L15")
def test_l15_a_child_that_is_killed_in_the_middle_leaves_no_file(sandbox: Sandbox, nothing_left: None) -> None:
    source = Interrupted(minutes(), lambda: os.kill(sandbox.child_pids()[0], signal.SIGKILL))
    with pytest.raises(Unavailable, match="SIGKILL"):
        cut(sandbox, source, LONG, EIGHT)


@pytest.mark.lesson("L15")
def test_l15_a_store_that_goes_away_in_the_middle_leaves_no_file(sandbox: Sandbox, nothing_left: None) -> None:
    def away() -> None:
        raise StoreUnavailable("away")

    with pytest.raises(StoreUnavailable, match="away"):
        cut(sandbox, Interrupted(minutes(), away), LONG, EIGHT)


@pytest.mark.lesson("L15")
def test_l15_who_stops_early_leaves_no_file(sandbox: Sandbox, nothing_left: None) -> None:
    with closing(cut_audio(sandbox, MemorySource(minutes()), LONG, EIGHT)) as found:
        next(found)


@pytest.mark.lesson("L15")
@pytest.mark.parametrize(
    ("form", "code"),
    [
        (EIGHT, "not_as_known"),
        (replace(EIGHT, channels=3), "not_as_known"),
        (replace(EIGHT, codec=Codec.FLAC, sample_rate_hz=2_000_000), "not_encodable"),
        (replace(EIGHT, codec=Codec.OPUS, sample_rate_hz=44_100), "not_encodable"),
    ],
)
def test_l15_what_cannot_be_cut_is_refused_by_name_and_leaves_no_file(
    sandbox: Sandbox, nothing_left: None, form: AudioForm, code: str
) -> None:
    too_late = [Span(first=0, beyond=100), Span(first=0, beyond=2_400_000 + 17)]
    with pytest.raises(Refused) as caught:
        cut(sandbox, minutes(), too_late, form)
    assert caught.value.code == code


def test_what_a_resampler_leaves_is_made_up_for_and_nothing_more(sandbox: Sandbox) -> None:
    spans = [Span(first=2_390_000, beyond=2_400_000 + 16)]
    ((_, content),) = cut(sandbox, minutes(), spans, EIGHT)
    heard = decoded(content, "s16")
    assert len(heard) == 10_016
    assert not heard[10_000:].any()


def test_nothing_beyond_the_last_span_is_read(sandbox: Sandbox) -> None:
    source = Interrupted(minutes(), None)
    cut(sandbox, source, [Span(first=0, beyond=8_000)], EIGHT)
    assert source.reads < 40


def endless(hours: float) -> EndlessSource:
    """Of silence: a header, and then nothing that would have to be kept."""
    size_bytes = round(hours * 3600) * 32_000
    form = struct.pack("<IHHIIHH", 16, 1, 2, 8_000, 32_000, 4, 16)
    head = (
        struct.pack("<4sI8s", b"RIFF", size_bytes + 36, b"WAVEfmt ") + form + struct.pack("<4sI", b"data", size_bytes)
    )
    return EndlessSource(head=head, size_bytes=len(head) + size_bytes)


def memory_of_cutting(sandbox: Sandbox, hours: float) -> int:
    """How much it grows by, the children's included: of all in one file, and of a second of each minute."""
    beyond = round(hours * 3600) * 8_000
    seconds = [Span(first=first, beyond=first + 8_000) for first in range(0, beyond, 480_000)]
    peaks = Peaks({"cutting": os.getpid()})
    peaks.start()
    for spans in ([Span(first=0, beyond=beyond)], seconds):
        for _, file in cut_audio(sandbox, endless(hours), spans, EIGHT):
            assert file.size_bytes > 0
    return peaks.growth()["cutting"]


@pytest.mark.slow
@pytest.mark.lesson("L05")
def test_l05_three_hours_take_no_more_memory_than_ten_minutes(sandbox: Sandbox) -> None:
    memory_of_cutting(sandbox, 1 / 6)
    short = memory_of_cutting(sandbox, 1 / 6)
    assert memory_of_cutting(sandbox, 3) < short + (16 << 20)
