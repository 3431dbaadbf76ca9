import io
from contextlib import closing

import numpy as np
import psutil
import pytest
from faster_whisper.audio import decode_audio

from ai2text.audio import plain_wave
from ai2text.audio.decode import decode
from ai2text.audio.probe import probe
from ai2text.audio.sandbox import Sandbox, SandboxSettings
from ai2text.audio.source import FileSource
from ai2text.common.errors import Refused
from tests.fixtures.memory_source import MemorySource
from tests.integration.audio.media import SAMPLES, make


@pytest.mark.parametrize("name", sorted(path.name for path in SAMPLES.iterdir()))
def test_samples_equal_those_of_faster_whisper(sandbox: Sandbox, name: str) -> None:
    with (SAMPLES / name).open("rb") as file:
        chunks = list(decode(sandbox, FileSource(file)))
    assert np.array_equal(np.concatenate(chunks), decode_audio(str(SAMPLES / name)))


@pytest.mark.parametrize("layout", ["mono", "stereo", "5.1"])
@pytest.mark.parametrize("extension", ["wav", "mp3", "flac", "m4a", "mka", "wma"])
def test_every_channel_layout_is_mixed_as_faster_whisper_does(sandbox: Sandbox, extension: str, layout: str) -> None:
    if layout == "5.1" and extension in {"mp3", "wma"}:
        pytest.skip("the codec has no such layout")
    content = make(extension, 15.0, layout=layout)
    chunks = list(decode(sandbox, MemorySource(content)))
    assert np.array_equal(np.concatenate(chunks), decode_audio(io.BytesIO(content)))


def test_chunks_are_flat_short_and_of_single_precision(sandbox: Sandbox) -> None:
    chunks = list(decode(sandbox, MemorySource(make("wav", 100.0))))
    assert all(chunk.ndim == 1 and chunk.dtype == np.float32 for chunk in chunks)
    assert all(10 <= len(chunk) / 16_000 <= 33 for chunk in chunks[:-1])
    assert sum(map(len, chunks)) == 1_600_000


def test_another_sample_rate_can_be_asked_for(sandbox: Sandbox) -> None:
    chunks = list(decode(sandbox, MemorySource(make("wav", 3.0)), sample_rate_hz=8_000))
    assert sum(map(len, chunks)) == pytest.approx(24_000, abs=50)


def test_a_format_that_changes_on_the_way_is_decoded_to_its_end(sandbox: Sandbox) -> None:
    """faster-whisper's decode_audio ends such a recording with a ValueError or, for a new layout, with a crash."""
    content = make("mpga", 3.0, layout="stereo") + make("mpga", 3.0, layout="mono")
    chunks = list(decode(sandbox, MemorySource(content)))
    assert sum(map(len, chunks)) / 16_000 == pytest.approx(6.0, abs=0.1)


@pytest.mark.slow
def test_a_wave_that_is_read_without_a_decoder_gives_what_faster_whisper_makes_of_it(sandbox: Sandbox) -> None:
    """However its header was damaged: what looks strange is not read but decoded, or refused."""
    dice, whole = np.random.default_rng(1), make("wav", 1.0, tags={"title": "A song"})
    read = 0
    for _ in range(250):
        content = bytearray(whole)
        for _ in range(int(dice.integers(1, 4))):
            content[dice.integers(0, 90)] = dice.integers(0, 256)
        if plain_wave.find(MemorySource(bytes(content)), 16_000) is not None:
            read += 1
            samples = np.concatenate(list(decode(sandbox, MemorySource(bytes(content)))))
            assert np.array_equal(samples, decode_audio(io.BytesIO(content)))
    assert read > 25


def test_a_long_wave_that_is_read_without_a_decoder_is_refused_where_a_decoder_would(sandbox: Sandbox) -> None:
    with pytest.raises(Refused, match="longer"):
        list(decode(sandbox, MemorySource(make("wav", 5.0)), max_duration_seconds=4))


@pytest.mark.lesson("L34")
def test_closing_early_frees_the_child_for_the_next_job() -> None:
    with Sandbox(SandboxSettings(children=1)) as sandbox:
        with closing(decode(sandbox, MemorySource(make("flac", 200.0)))) as chunks:
            next(chunks)
            (interrupted,) = sandbox.child_pids()
        assert probe(sandbox, MemorySource(make("wav"))).duration_seconds == 2.0
        assert not psutil.pid_exists(interrupted) or psutil.Process(interrupted).status() == psutil.STATUS_ZOMBIE


def test_a_cut_recording_is_refused_after_its_last_chunk(sandbox: Sandbox) -> None:
    content = make("flac", 60.0)
    heard = 0
    with pytest.raises(Refused, match="truncated"):
        for chunk in decode(sandbox, MemorySource(content[: len(content) // 2])):
            heard += len(chunk)
    assert heard / 16_000 == pytest.approx(30, abs=1)
