"""What WAV and FLAC say of themselves is what is in them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai2text.training_orchestrator.rules.sound_header import HEADER_BYTES, Sound, sound_of
from tests.fixtures.sounds import recorded

KINDS = [("wav", "pcm_s16le", np.int16), ("wav", "pcm_s24le", np.int32), ("flac", "flac", np.int16)]


@pytest.mark.parametrize(("muxer", "codec", "kind"), KINDS)
@pytest.mark.parametrize("channels", [1, 2])
def test_samples_rate_and_channels_are_read(muxer: str, codec: str, kind: type, channels: int) -> None:
    content = recorded(muxer, codec, 44_100, np.zeros((12_345, channels), kind))
    assert sound_of(content[:HEADER_BYTES]) == Sound(samples=12_345, sample_rate_hz=44_100, channels=channels)


@given(st.binary(max_size=80), st.sampled_from([b"", b"fLaC", b"RIFF----WAVEfmt ", b"RIFF----WAVEdata", b"OggS"]))
def test_what_says_nothing_is_unknown(content: bytes, begin: bytes) -> None:
    found = sound_of(begin + content)
    assert found is None or (found.samples > 0 and found.sample_rate_hz > 0)


def test_a_size_that_a_recorder_could_not_go_back_to_is_unknown() -> None:
    content = recorded("wav", "pcm_s16le", 8_000, np.zeros((800, 1), np.int16))
    place = content.index(b"data") + 4
    assert sound_of(content[:place] + b"\xff\xff\xff\xff" + content[place + 4 :]) is None
