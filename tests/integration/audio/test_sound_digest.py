"""The same sound is known again under other bytes."""

import wave
from io import BytesIO
from typing import Any

import av
import numpy as np
import pytest
from av.audio.format import AudioFormat
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream

from ai2text.audio.probe import probe
from ai2text.audio.sandbox import Sandbox
from ai2text.audio.sound_digest import WHOLE_SECONDS
from ai2text.common.contracts.recordings import Media
from tests.fixtures.memory_source import MemorySource
from tests.fixtures.sounds import frames_of, recorded
from tests.integration.audio.media import make, sound

RATE_HZ = 16_000
Samples = np.ndarray[Any, np.dtype[np.int16]]
EXACT = ("wav", "w64", "flac", "ogg", "aif", "caf", "mkv", "au")
"""Of one rate, and of codecs that keep every sample."""


def digest(sandbox: Sandbox, content: bytes) -> str:
    found = probe(sandbox, MemorySource(content)).sound_sha256
    assert found is not None
    return found


def wav(samples: Samples, channels: int = 1, rate_hz: int = RATE_HZ) -> bytes:
    file = BytesIO()
    with wave.open(file, "wb") as out:
        out.setparams((channels, 2, rate_hz, 0, "NONE", ""))
        out.writeframes(samples.astype("<i2").tobytes())
    return file.getvalue()


def kept_apart(samples: Samples, muxer: str, codec: str) -> bytes:
    file = BytesIO()
    with av.open(file, "w", format=muxer) as container:
        stream = container.add_stream(codec, rate=RATE_HZ, layout="stereo")
        assert isinstance(stream, AudioStream)
        stream.format = AudioFormat("s16p")
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(samples.T), format="s16p", layout="stereo")
        frame.sample_rate = RATE_HZ
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


@pytest.mark.parametrize("seconds", [0.02, 2.0, 12.34])
def test_the_same_samples_have_one_digest_in_whatever_container_and_codec_they_are_kept(
    sandbox: Sandbox, seconds: float
) -> None:
    assert len({digest(sandbox, make(extension, seconds)) for extension in EXACT}) == 1


@pytest.mark.parametrize(("muxer", "codec"), [("ipod", "alac"), ("wv", "wavpack")])
def test_channels_that_a_codec_keeps_apart_are_those_that_another_keeps_together(
    sandbox: Sandbox, muxer: str, codec: str
) -> None:
    samples = np.stack([sound(11.5, RATE_HZ), sound(11.5, RATE_HZ)[::-1]], axis=1)
    together = digest(sandbox, wav(samples, 2))
    assert digest(sandbox, kept_apart(samples, muxer, codec)) == together
    assert digest(sandbox, kept_apart(samples[:, ::-1], muxer, codec)) != together


@pytest.mark.parametrize("layout", ["mono", "stereo"])
@pytest.mark.parametrize("extension", ["mp3", "m4a", "opus", "flac", "wma", "mkv"])
def test_other_tags_are_not_another_sound(sandbox: Sandbox, extension: str, layout: str) -> None:
    plain = make(extension, 11.0, layout=layout)
    tagged = make(extension, 11.0, layout=layout, tags={"title": "Another title", "artist": "Somebody " * 50})
    assert plain != tagged
    assert digest(sandbox, plain) == digest(sandbox, tagged)
    assert digest(sandbox, plain) != digest(sandbox, make(extension, 11.1, layout=layout))


@pytest.mark.parametrize(
    ("muxer", "codec", "rate_hz"), [("mp3", "libmp3lame", 44_100), ("ogg", "libopus", 48_000), ("ipod", "aac", 44_100)]
)
def test_channels_that_decode_to_fractions_are_digested_as_they_were_packed(
    sandbox: Sandbox, muxer: str, codec: str, rate_hz: int
) -> None:
    both = frames_of(2, rate_hz, 2, "s16")
    found = {digest(sandbox, recorded(muxer, codec, rate_hz, frames)) for frames in (both, both[:, ::-1], both[:, :1])}
    assert len(found) == 3


def test_another_sample_a_sample_more_and_another_rate_are_another_sound(sandbox: Sandbox) -> None:
    samples = sound(3.0, RATE_HZ)
    changed = samples.copy()
    changed[RATE_HZ] += 1
    others = [wav(changed), wav(samples[:-1]), wav(samples, rate_hz=8_000), wav(samples[: len(samples) // 2 * 2], 2)]
    assert len({digest(sandbox, content) for content in (wav(samples), *others)}) == 5


def test_a_second_of_another_sound_anywhere_in_a_long_recording_is_heard(sandbox: Sandbox) -> None:
    samples = sound(4.0 * WHOLE_SECONDS, RATE_HZ)
    found = {digest(sandbox, wav(samples))}
    for second in (11.3, 20.0, 38.9):
        changed = samples.copy()
        first = round(second * RATE_HZ)
        changed[first : first + RATE_HZ] = 0
        found.add(digest(sandbox, wav(changed)))
    assert len(found) == 4


def test_samples_that_are_handed_out_are_not_digested_as_well(sandbox: Sandbox) -> None:
    source = MemorySource(make("wav", 1.0))
    *_, media = sandbox.run(source, sample_rate_hz=RATE_HZ, max_duration_seconds=10)
    assert isinstance(media, Media)
    assert media.sound_sha256 is None
