import io
import math
import struct
import wave

import numpy as np
import pytest

from ai2text.audio.probe import probe
from ai2text.audio.sandbox import Sandbox
from ai2text.common.contracts.recordings import Media
from tests.fixtures.memory_source import MemorySource
from tests.integration.audio.media import SAMPLES, make


def tones(*parts: tuple[float, float], channels: int = 1, sample_rate_hz: int = 48_000, frequency: int = 997) -> bytes:
    """A WAV of sine tones, each with its peak in dBFS and its seconds."""
    moments = [np.arange(round(seconds * sample_rate_hz)) / sample_rate_hz for _, seconds in parts]
    sines = [
        10 ** (level / 20) * 32768 * np.sin(2 * np.pi * frequency * at)
        for (level, _), at in zip(parts, moments, strict=True)
    ]
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setparams((channels, 2, sample_rate_hz, 0, "NONE", ""))
        out.writeframes(np.repeat(np.concatenate(sines).round().astype("<i2"), channels).tobytes())
    return file.getvalue()


def measured(sandbox: Sandbox, content: bytes) -> Media:
    return probe(sandbox, MemorySource(content))


@pytest.mark.parametrize("sample_rate_hz", [8_000, 16_000, 44_100, 48_000])
@pytest.mark.parametrize(("channels", "loudness"), [(1, -23.0), (2, -20.0)])
def test_a_tone_has_the_loudness_of_the_recommendation(
    sandbox: Sandbox, sample_rate_hz: int, channels: int, loudness: float
) -> None:
    """ITU-R BS.1770: a 997 Hz sine of 0 dBFS in one channel reads -3.01 LUFS."""
    media = measured(sandbox, tones((-20, 5), channels=channels, sample_rate_hz=sample_rate_hz))
    assert media.loudness_lufs == pytest.approx(loudness, abs=0.1)
    assert media.peak_dbfs == pytest.approx(-20, abs=0.05)


@pytest.mark.parametrize(
    "parts",
    [
        [(-23.0, 20.0)],
        [(-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0)],
        [(-72.0, 10.0), (-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0), (-72.0, 10.0)],
        [(-26.0, 20.0), (-20.0, 20.1), (-26.0, 20.0)],
    ],
    ids=["1", "3", "4", "5"],
)
def test_quiet_passages_are_gated_as_in_ebu_tech_3341(sandbox: Sandbox, parts: list[tuple[float, float]]) -> None:
    media = measured(sandbox, tones(*parts, channels=2, frequency=1000))
    assert media.loudness_lufs == pytest.approx(-23.0, abs=0.1)


@pytest.mark.lesson("L20")
@pytest.mark.parametrize("seconds", [0.01, 0.5, 5.0, 100.0])
def test_l20_silence_has_neither_peak_nor_loudness(sandbox: Sandbox, seconds: float) -> None:
    media = measured(sandbox, tones((-math.inf, seconds)))
    assert (media.peak_dbfs, media.loudness_lufs) == (None, None)


@pytest.mark.lesson("L20")
def test_l20_less_sound_than_one_gating_block_has_a_peak_only(sandbox: Sandbox) -> None:
    media = measured(sandbox, tones((-20, 0.3)))
    assert media.peak_dbfs == pytest.approx(-20, abs=0.05)
    assert media.loudness_lufs is None


def test_a_click_anywhere_is_the_peak(sandbox: Sandbox) -> None:
    content = bytearray(tones((-40, 200), sample_rate_hz=16_000))
    content[-100_000:-99_998] = struct.pack("<h", -32768)
    assert measured(sandbox, bytes(content)).peak_dbfs == pytest.approx(0.0, abs=0.001)


def test_every_fourth_second_stands_for_a_long_recording(sandbox: Sandbox) -> None:
    """Speech, said again and again: of the first minute, measured whole, and of ten minutes, measured in part."""
    with wave.open(str(SAMPLES / "call-two-channels.wav")) as call:
        parameters, samples = call.getparams(), call.readframes(call.getnframes())

    def repeated(times: int) -> bytes:
        file = io.BytesIO()
        with wave.open(file, "wb") as out:
            out.setparams(parameters)
            out.writeframes(samples * times)
        return file.getvalue()

    once, long = (measured(sandbox, repeated(times)).loudness_lufs for times in (10, 110))
    assert long == pytest.approx(once, abs=0.3)


def test_a_format_that_changes_on_the_way_is_measured_to_its_end(sandbox: Sandbox) -> None:
    alone = measured(sandbox, make("mpga", 3.0, layout="mono")).loudness_lufs
    both = measured(sandbox, make("mpga", 3.0, layout="mono") + make("mpga", 3.0, layout="stereo")).loudness_lufs
    assert alone is not None
    assert both == pytest.approx(alone + 10 * math.log10(1.5), abs=0.2), "stereo is twice as loud, half of the time"


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, 1e300])
def test_numbers_that_are_no_samples_do_no_harm(sandbox: Sandbox, bad: float) -> None:
    samples = np.full(16_000, 0.1)
    samples[8000] = bad
    form = struct.pack("<IHHIIHH", 16, 3, 1, 16_000, 128_000, 8, 64)
    data = b"WAVEfmt " + form + b"data" + struct.pack("<I", samples.nbytes) + samples.tobytes()
    assert measured(sandbox, b"RIFF" + struct.pack("<I", len(data)) + data).duration_seconds == 1.0


def test_more_channels_than_a_meter_takes_have_no_level(sandbox: Sandbox) -> None:
    channels = 64
    form = struct.pack("<IHHIIHH", 16, 1, channels, 16_000, 32_000 * channels, 2 * channels, 16)
    samples = bytes(2 * channels * 16_000)
    data = b"WAVEfmt " + form + b"data" + struct.pack("<I", len(samples)) + samples
    media = measured(sandbox, b"RIFF" + struct.pack("<I", len(data)) + data)
    assert (media.channels, media.peak_dbfs, media.loudness_lufs) == (channels, None, None)
