"""Head and tail tell exactly what decoding all of a recording gives, or nothing."""

import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ai2text.audio.header import read_length
from ai2text.audio.probe import probe
from ai2text.audio.sandbox import Sandbox
from tests.fixtures.memory_source import MemorySource
from tests.integration.audio.media import MUXERS, SAMPLES, Wishes, make, write

SETTLED = (
    "wav",
    "w64",
    "mp3",
    "flac",
    "oga",
    "opus",
    "vorbis",
    "m4a",
    "m4b",
    "mp4",
    "aif",
    "aiff",
    "aifc",
    "au",
    "snd",
)
UNSETTLED = sorted(MUXERS.keys() - {*SETTLED, "m4v", "3gp", "3g2"})
SEED = 20_261_122


@dataclass
class Counted(MemorySource):
    requests: list[tuple[int, int]] = field(default_factory=list)

    def read(self, offset: int, length: int) -> bytes:
        self.requests.append((offset, length))
        return super().read(offset, length)


def check(sandbox: Sandbox, content: bytes) -> None:
    told, media = read_length(MemorySource(content)), probe(sandbox, MemorySource(content))
    assert told is not None
    assert told.seconds == pytest.approx(media.duration_seconds, abs=1e-9)
    found = told.sample_rate_hz, told.channels, told.container
    assert found == (media.sample_rate_hz, media.channels, media.container)


@pytest.mark.lesson("L01")
@pytest.mark.parametrize("layout", ["mono", "stereo"])
@pytest.mark.parametrize("seconds", [1.7, 7.313])
@pytest.mark.parametrize("extension", SETTLED)
def test_l01_what_head_and_tail_tell_is_what_decoding_gives(
    sandbox: Sandbox, extension: str, seconds: float, layout: str
) -> None:
    check(sandbox, make(extension, seconds, layout="stereo" if extension == "vorbis" else layout))


@pytest.mark.parametrize("name", sorted(path.name for path in SAMPLES.iterdir() if path.suffix != ".json"))
def test_a_real_recording_is_told_right(sandbox: Sandbox, name: str) -> None:
    check(sandbox, (SAMPLES / name).read_bytes())


@pytest.mark.parametrize(
    ("extension", "options"),
    [
        ("wav", {"rf64": "always"}),
        ("m4a", {"movflags": "faststart"}),
        ("m4b", {"movflags": "faststart"}),
        ("mp3", {"id3v2_version": "3", "write_id3v1": "1"}),
    ],
)
def test_another_form_of_a_container_is_told_right_too(
    sandbox: Sandbox, extension: str, options: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "recording"  # the index is put at the front of a file only
    write(str(path), extension, 20.0, Wishes(options=options, tags={"title": "x" * 300, "artist": "you"}))
    check(sandbox, path.read_bytes())


def test_of_a_video_the_sound_track_is_told(sandbox: Sandbox) -> None:
    check(sandbox, make("mp4", picture_seconds=3.0))


@pytest.mark.parametrize("extension", UNSETTLED)
def test_where_only_decoding_tells_nothing_is_told(extension: str) -> None:
    assert read_length(MemorySource(make(extension, 3.0))) is None


@pytest.mark.parametrize(
    ("extension", "wishes"),
    [
        ("mp3", {"options": {"write_xing": "0"}}),
        ("m4a", {"options": {"movflags": "frag_keyframe+empty_moov"}}),
    ],
    ids=["uncounted MP3", "fragments"],
)
def test_a_container_that_does_not_count_tells_nothing(extension: str, wishes: dict[str, Any]) -> None:
    assert read_length(MemorySource(make(extension, 20.0, **wishes))) is None


@pytest.mark.parametrize("extension", SETTLED)
def test_a_recording_that_was_cut_is_not_believed(extension: str) -> None:
    content = make(extension, 20.0, layout="stereo")
    for share in (0.2, 0.5, 0.9, 0.999):
        assert read_length(MemorySource(content[: int(len(content) * share)])) is None, share


@pytest.mark.parametrize("extension", ["oga", "mp3", "wav"])
def test_two_recordings_in_one_file_are_not_taken_for_one(sandbox: Sandbox, extension: str) -> None:
    twice = make(extension, 3.0) + make(extension, 2.0)
    told = read_length(MemorySource(twice))
    decoded = probe(sandbox, MemorySource(twice)).duration_seconds
    assert told is None or told.seconds == pytest.approx(decoded, abs=0.01)


@pytest.mark.parametrize("extension", SETTLED)
def test_few_pieces_are_read_of_a_long_recording(extension: str) -> None:
    source = Counted(make(extension, 90.0, layout="stereo"))
    assert read_length(source) is not None
    assert len(source.requests) <= 3
    assert sum(length for _, length in source.requests) < 0.05 * source.size_bytes


def test_a_picture_in_front_of_the_sound_is_stepped_over() -> None:
    size = 500_000
    tag = b"ID3\4\0\0" + bytes((size >> shift) & 0x7F for shift in (21, 14, 7, 0)) + bytes(size)
    source = Counted(tag + make("mp3", 3.0))
    told = read_length(source)
    assert told is not None
    assert told.seconds == 3.0
    assert len(source.requests) == 2


def test_no_damage_leads_to_anything_but_a_length_or_nothing() -> None:
    """The heads and tails are read by our own code in the service itself, so nothing may break it, nor hold it up."""
    chance = random.Random(SEED)  # noqa: S311 - damage
    whole = [make(extension, 1.0, layout="stereo") for extension in SETTLED]
    for _ in range(20_000):
        content = bytearray(chance.choice(whole))
        for _ in range(chance.choice((1, 2, 5, 20))):
            near = chance.randrange(min(len(content), chance.choice((16, 64, 600, 5000))))
            content[chance.choice((near, len(content) - 1 - near))] = chance.choice((0, 1, 127, 128, 255))
        source = Counted(bytes(content[: chance.choice((len(content), chance.randrange(len(content))))]))
        told = read_length(source)
        assert told is None or min(told.samples, told.sample_rate_hz, told.channels) > 0
        assert len(source.requests) <= 24
