import pytest

from ai2text.audio.probe import probe
from ai2text.audio.sandbox import Sandbox
from ai2text.audio.source import FileSource
from tests.fixtures.memory_source import MemorySource
from tests.integration.audio.media import MUXERS, SAMPLES, make

ADDED_SAMPLES = {
    "wave": 656,
    "aac": 1912,
    "ts": 1912,
    "m4a": 888,
    "mp4": 888,
    "m4v": 888,
    "3gp": 888,
    "3g2": 888,
    "mpg": 504,
    "mpga": 504,
    "mpeg": 768,
    "asf": -136,
    "wma": -136,
    "wmv": -136,
    "avi": 1656,
    "amr": 160,
}
"""What the codec's delay and its last, full frame add where the container does not say how much of that to drop."""


@pytest.mark.lesson("L01")
@pytest.mark.parametrize("extension", MUXERS)
def test_every_accepted_format_is_opened_and_measured(sandbox: Sandbox, extension: str) -> None:
    media = probe(sandbox, MemorySource(make(extension)))
    _, _, sample_rate_hz = MUXERS[extension]
    expected = 2.0 + ADDED_SAMPLES.get(extension, 0) / sample_rate_hz
    assert media.duration_seconds == pytest.approx(expected, abs=0.01)
    assert media.sample_rate_hz == sample_rate_hz
    assert media.channels == 1
    assert media.loudness_lufs == pytest.approx(-16, abs=0.5)
    assert media.peak_dbfs == pytest.approx(-10, abs=2)


def test_wideband_amr_is_measured(sandbox: Sandbox) -> None:
    """No encoder for it comes with PyAV: a hundred frames of its lowest rate, all zeros, of 20 ms each."""
    media = probe(sandbox, MemorySource(b"#!AMR-WB\n" + (b"\x04" + bytes(17)) * 100))
    assert (media.container, media.codec) == ("amr", "amr_wb")
    assert (media.sample_rate_hz, media.channels) == (16_000, 1)
    assert media.duration_seconds == pytest.approx(2.0, abs=0.01)


@pytest.mark.parametrize(
    ("extension", "options", "container"),
    [("wav", {"rf64": "always"}, "wav"), ("ts", {"mpegts_m2ts_mode": "1"}, "mpegts")],
    ids=["RF64", "m2ts"],
)
def test_the_long_form_of_a_container_is_accepted_too(
    sandbox: Sandbox, extension: str, options: dict[str, str], container: str
) -> None:
    media = probe(sandbox, MemorySource(make(extension, options=options)))
    assert media.container == container
    assert media.duration_seconds == pytest.approx(2.0, abs=0.05)


@pytest.mark.parametrize(("extension", "bit_rate_bps"), [("wav", 256_000), ("snd", 64_000), ("mp3", 64_000)])
def test_the_bit_rate_is_that_of_the_sound_track(sandbox: Sandbox, extension: str, bit_rate_bps: int) -> None:
    assert probe(sandbox, MemorySource(make(extension, 20.0))).bit_rate_bps == pytest.approx(bit_rate_bps, rel=0.01)


def test_the_picture_does_not_count_into_the_bit_rate(sandbox: Sandbox) -> None:
    alone, with_picture = (
        probe(sandbox, MemorySource(make("mp4", picture_seconds=seconds))).bit_rate_bps for seconds in (0.0, 2.0)
    )
    assert alone == with_picture


@pytest.mark.parametrize(
    ("name", "container", "codec", "seconds", "rate", "channels"),
    [
        ("call-two-channels.wav", "wav", "pcm_s16le", 5.4173125, 16_000, 2),
        ("02-preserve-the-old-but.mp3", "mp3", "mp3", 2.857875, 16_000, 1),
        ("04-a-throw-him-a.ogg", "ogg", "vorbis", 1.271, 16_000, 1),
        ("05-ignorance-is-strength.m4a", "mov,mp4,m4a,3gp,3g2,mj2", "aac", 1.664, 16_000, 1),
        ("11-if-not-treat-yourself.opus", "ogg", "opus", 2.69775, 48_000, 1),
        ("studio-48khz-stereo.flac", "flac", "flac", 2.15275, 48_000, 2),
        ("telephone-8khz.wav", "wav", "pcm_mulaw", 3.92975, 8_000, 1),
    ],
)
def test_a_real_recording_is_described_as_it_was_decoded(
    sandbox: Sandbox, name: str, container: str, codec: str, seconds: float, rate: int, channels: int
) -> None:
    with (SAMPLES / name).open("rb") as file:
        media = probe(sandbox, FileSource(file))
    assert (media.container, media.codec, media.sample_rate_hz, media.channels) == (container, codec, rate, channels)
    assert media.duration_seconds == seconds


@pytest.mark.lesson("L44")
@pytest.mark.parametrize("extension", ["mp3", "flac", "oga", "m4a", "mka"])
def test_tags_of_every_kind_are_kept(sandbox: Sandbox, extension: str) -> None:
    media = probe(sandbox, MemorySource(make(extension, tags={"title": "Früh am Morgen", "artist": "Ånon"})))
    assert media.tags["title"] == "Früh am Morgen"
    assert media.tags["artist"] == "Ånon"


def test_tags_come_without_control_characters_and_in_bounds(sandbox: Sandbox) -> None:
    tags = {"TITLE": "one\x1b[31m\r\ntwo", "comment": "x" * 5000} | {f"key{n}": "value" for n in range(200)}
    media = probe(sandbox, MemorySource(make("flac", tags=tags)))
    assert media.tags["title"] == "one [31m two"
    assert media.tags["comment"] == "x" * 1000
    assert len(media.tags) == 64


@pytest.mark.parametrize("extension", ["mp4", "mkv", "webm", "avi", "mov", "ts", "mpg", "wmv"])
def test_of_a_video_the_sound_is_taken(sandbox: Sandbox, extension: str) -> None:
    media = probe(sandbox, MemorySource(make(extension, picture_seconds=2.0)))
    assert media.duration_seconds == pytest.approx(2.0, abs=0.12)


@pytest.mark.parametrize("extension", ["mp4", "mkv", "webm"])
def test_sound_shorter_than_its_picture_is_complete(sandbox: Sandbox, extension: str) -> None:
    media = probe(sandbox, MemorySource(make(extension, picture_seconds=8.0)))
    assert media.duration_seconds == pytest.approx(2.0, abs=0.12)


def test_nothing_depends_on_a_name_since_there_is_none(sandbox: Sandbox) -> None:
    assert probe(sandbox, MemorySource(make("flac"))).container == "flac"


@pytest.mark.lesson("L20")
def test_digital_silence_is_an_ordinary_recording(sandbox: Sandbox) -> None:
    with (SAMPLES / "silence.wav").open("rb") as file:
        assert probe(sandbox, FileSource(file)).duration_seconds == 5.0
