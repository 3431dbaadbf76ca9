"""Sound as it is, or as it is wanted, against what plain PyAV decodes."""

import os
import signal
import struct

import numpy as np
import pytest

from ai2text.audio.protocol import PcmFormat, Sound
from ai2text.audio.samples import samples
from ai2text.audio.sandbox import Sandbox
from ai2text.common.errors import Refused, Unavailable
from tests.fixtures.memory_source import MemorySource
from tests.fixtures.sounds import decoded, frames_of, recorded
from tests.integration.audio.media import MUXERS, make

KINDS = {2: "s16", 4: "s32"}


def heard(sandbox: Sandbox, content: bytes, sound: Sound | None = None) -> tuple[PcmFormat, bytes]:
    with samples(sandbox, MemorySource(content), sound or Sound()) as found:
        blocks = list(found.blocks)
    assert all(0 < len(block) <= 1 << 20 and len(block) % found.pcm.frame_bytes == 0 for block in blocks)
    return found.pcm, b"".join(blocks)


@pytest.mark.parametrize("extension", MUXERS)
def test_every_format_is_heard_as_pyav_decodes_it(sandbox: Sandbox, extension: str) -> None:
    content = make(extension, 3.0)
    pcm, found = heard(sandbox, content)
    assert (pcm.sample_rate_hz, pcm.channels) == (MUXERS[extension][2], 1)
    assert found == decoded(content, KINDS[pcm.sample_bytes]).tobytes()


@pytest.mark.parametrize("layout", ["stereo", "3.0", "5.1"])
@pytest.mark.parametrize("extension", ["wav", "flac", "m4a", "aiff"])
def test_channels_stay_what_they_are(sandbox: Sandbox, extension: str, layout: str) -> None:
    content = make(extension, 3.0, layout=layout)
    pcm, found = heard(sandbox, content)
    assert pcm.channels == {"stereo": 2, "3.0": 3, "5.1": 6}[layout]
    assert found == decoded(content, KINDS[pcm.sample_bytes]).tobytes()


@pytest.mark.parametrize(
    ("muxer", "codec", "sample_bytes"),
    [
        ("wav", "pcm_u8", 2),
        ("wav", "pcm_s16le", 2),
        ("wav", "pcm_s24le", 4),
        ("wav", "pcm_s32le", 4),
        ("wav", "pcm_f32le", 4),
        ("wav", "pcm_alaw", 2),
        ("ipod", "alac", 4),
        ("mp3", "libmp3lame", 2),
        ("ipod", "aac", 2),
    ],
)
def test_bits_that_were_recorded_are_kept_up_to_24(sandbox: Sandbox, muxer: str, codec: str, sample_bytes: int) -> None:
    content = recorded(muxer, codec, 16_000, frames_of(2.0, 16_000, 2, "s32"))
    pcm, found = heard(sandbox, content)
    assert pcm.sample_bytes == sample_bytes
    assert found == decoded(content, KINDS[sample_bytes]).tobytes()


def test_all_24_bits_of_a_flac_arrive(sandbox: Sandbox) -> None:
    frames = frames_of(2.0, 44_100, 2, "s32")
    pcm, found = heard(sandbox, recorded("flac", "flac", 44_100, frames))
    assert (pcm.sample_rate_hz, pcm.channels, pcm.sample_bytes) == (44_100, 2, 4)
    assert found == frames.tobytes()


@pytest.mark.parametrize("rate", [8_000, 48_000])
def test_another_rate_and_one_channel_can_be_asked_for(sandbox: Sandbox, rate: int) -> None:
    content = recorded("wav", "pcm_s16le", 22_050, frames_of(30.0, 22_050, 2, "s16"))
    pcm, found = heard(sandbox, content, Sound(sample_rate_hz=rate, mono=True))
    assert pcm == PcmFormat(sample_rate_hz=rate, channels=1, sample_bytes=2)
    assert found == decoded(content, "s16", layout="mono", rate=rate).tobytes()
    assert abs(len(found) // 2 - 30 * rate) <= 2


def test_what_changes_on_the_way_goes_on_as_it_began(sandbox: Sandbox) -> None:
    two, one = make("mpga", 3.0, layout="stereo"), make("mpga", 3.0, layout="mono")
    pcm, found = heard(sandbox, two + one)
    assert pcm == PcmFormat(sample_rate_hz=44_100, channels=2, sample_bytes=2)
    frames = np.frombuffer(found, "<i2").reshape(-1, 2)
    assert len(frames) / 44_100 == pytest.approx(6.0, abs=0.1)
    assert frames[-44_100:].any(axis=0).all()


def test_a_cut_recording_is_refused_after_its_last_block(sandbox: Sandbox) -> None:
    content = make("flac", 60.0)
    found = 0
    with (
        pytest.raises(Refused, match="truncated"),
        samples(sandbox, MemorySource(content[: len(content) // 2]), Sound()) as half,
    ):
        for block in half.blocks:
            found += len(block) // 2
    assert found / 16_000 == pytest.approx(30, abs=1)


def test_a_recording_without_a_sample_is_refused_before_its_format(sandbox: Sandbox) -> None:
    form = struct.pack("<IHHIIHH", 16, 1, 1, 8000, 16_000, 2, 16)
    header = struct.pack("<4sI8s", b"RIFF", 36, b"WAVEfmt ") + form + struct.pack("<4sI", b"data", 0)
    with pytest.raises(Refused, match="decode_failed"), samples(sandbox, MemorySource(header), Sound()):
        pass


def test_a_child_that_is_killed_in_the_middle_is_no_fault_of_the_recording(sandbox: Sandbox) -> None:
    content = make("w64", 400.0)
    with pytest.raises(Unavailable, match="SIGKILL"), samples(sandbox, MemorySource(content), Sound()) as found:
        next(found.blocks)
        os.kill(sandbox.child_pids()[0], signal.SIGKILL)
        list(found.blocks)
    assert sandbox.child_pids() == []
