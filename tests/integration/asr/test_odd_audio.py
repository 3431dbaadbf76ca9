"""Audio as it really comes: narrow, wide, clipped, off its middle, next to nothing."""

from dataclasses import replace

import numpy as np
import pytest
from faster_whisper.audio import decode_audio

from ai2text.common.contracts.outcome import Transcript
from ai2text.common.contracts.states import Decoding
from tests.fixtures.speech import wav
from tests.fixtures.stack import SAMPLES
from tests.fixtures.word_errors import word_errors
from tests.integration.asr.worker import Worker

SAID = "The weather is here I wish you were beautiful."
SPEECH = np.asarray(decode_audio(str(SAMPLES / "01-the-weather-is-here.wav")), np.float32)


def sampled(rate_hz: int, samples: np.ndarray = SPEECH) -> np.ndarray:
    """16 kHz drawn through the points of another rate."""
    points = np.arange(int(len(samples) * rate_hz / 16_000)) * 16_000 / rate_hz
    return np.asarray(np.interp(points, np.arange(len(samples)), samples))


@pytest.mark.parametrize("decoding", Decoding)
@pytest.mark.parametrize(
    ("content", "errors"),
    [
        pytest.param(wav([sampled(8_000)], 8_000), 2, id="8 kHz"),
        pytest.param(wav([sampled(96_000)] * 6, 96_000), 0, id="96 kHz with 6 channels"),
        pytest.param(wav([SPEECH * 20]), 3, id="clipped"),
        pytest.param(wav([SPEECH * 0.6 + 0.3]), 1, id="off its middle"),
        pytest.param(wav([SPEECH * 0.01]), 2, id="very quiet"),
    ],
)
async def test_speech_is_heard_however_it_comes(
    worker: Worker, content: bytes, errors: int, decoding: Decoding
) -> None:
    job = worker.job_for(content)
    heard = await worker.transcribe(replace(job, options=replace(job.options, decoding=decoding)))
    assert isinstance(heard, Transcript)
    assert word_errors(SAID, heard.text).count <= errors, heard.text


@pytest.mark.parametrize("decoding", Decoding)
@pytest.mark.parametrize("vad_filter", [True, False])
@pytest.mark.parametrize(
    "content",
    [
        pytest.param(wav([np.zeros(1)]), id="one sample"),
        pytest.param(wav([np.zeros(16_000 * 45)]), id="45 s of silence"),
        pytest.param(wav([np.full(16_000 * 5, 0.5)]), id="direct current"),
        pytest.param(wav([np.random.default_rng(0).normal(0, 0.05, 16_000 * 35)]), id="35 s of noise"),
    ],
)
async def test_nothing_is_invented_where_nobody_speaks(
    worker: Worker, content: bytes, decoding: Decoding, *, vad_filter: bool
) -> None:
    job = worker.job_for(content)
    options = replace(job.options, decoding=decoding, vad_filter=vad_filter)
    heard = await worker.transcribe(replace(job, options=options))
    assert isinstance(heard, Transcript)
    assert heard.text == ""
    assert heard.duration_seconds == pytest.approx((len(content) - 44) / 32_000, abs=0.1)
