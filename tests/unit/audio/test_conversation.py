"""The parent against children in foreign hands: whatever they say, the answer is a refusal."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from ai2text.audio import protocol
from ai2text.audio.conversation import Word, converse
from ai2text.audio.protocol import Job, PcmFormat, Sound
from ai2text.common.contracts.recordings import Media
from ai2text.common.errors import Refused

PROBE = Job(size_bytes=100, max_duration_seconds=60)
DECODE = Job(size_bytes=100, sample_rate_hz=16_000, max_duration_seconds=60)
HEAR = Job(size_bytes=100, sound=Sound(), max_duration_seconds=60)
FACTS: dict[str, Any] = {
    "container": "wav",
    "codec": "pcm_s16le",
    "duration_seconds": 2.5,
    "sample_rate_hz": 16_000,
    "channels": 1,
    "bit_rate_bps": 256_000,
    "peak_dbfs": -3.5,
    "loudness_lufs": None,
    "tags": {"title": "A song"},
}


@dataclass
class Scripted:
    """Says what it was told to say, and remembers what it was told."""

    says: Iterator[bytes]
    heard: list[bytes] = field(default_factory=list)
    allowed: list[float] = field(default_factory=list)

    def begin(self, _job: Job, /) -> None:
        pass

    def send(self, content: bytes) -> None:
        self.heard.append(content)

    def receive(self) -> tuple[bytes, bytes]:
        message = next(self.says)
        return message[:1], message[1:]

    def allow_cpu(self, decoded_seconds: float) -> None:
        self.allowed.append(decoded_seconds)


class Hundred:
    size_bytes = 100

    def read(self, offset: int, length: int) -> bytes:
        return bytes(range(100))[offset : offset + length]


def talk(job: Job, *says: bytes) -> tuple[list[Word], Scripted]:
    child = Scripted(iter(says))
    return list(converse(child, Hundred(), job, 1 << 30)), child


def media(**changes: object) -> bytes:
    return protocol.MEDIA + json.dumps(FACTS | changes).encode()


def verdict(**fields: object) -> bytes:
    return protocol.VERDICT + json.dumps(fields).encode()


def test_reads_are_answered_and_the_facts_end_the_job() -> None:
    words, child = talk(PROBE, protocol.READ + protocol.RANGE.pack(10, 5), media())
    assert words == [Media(**FACTS)]
    assert child.heard == [bytes(range(10, 15))]


def test_samples_and_progress_renew_the_processor_time() -> None:
    second = protocol.PCM + bytes(32_000)
    words, child = talk(DECODE, second, second, protocol.PROGRESS + protocol.SECONDS.pack(3.5), media())
    assert words[:2] == [bytes(32_000)] * 2
    assert child.allowed == [1.0, 2.0, 3.5]


@pytest.mark.parametrize(
    "nonsense",
    [
        b"",
        b"?",
        b"\x80\x04\x95",
        protocol.READ,
        protocol.READ + bytes(11),
        protocol.READ + protocol.RANGE.pack(0, 101),
        protocol.READ + protocol.RANGE.pack(101, 1),
        protocol.READ + protocol.RANGE.pack(2**64 - 1, 1),
        protocol.READ + protocol.RANGE.pack(0, 2**32 - 1),
        protocol.PCM,
        protocol.PCM + b"odd",
        protocol.PROGRESS,
        protocol.PROGRESS + protocol.SECONDS.pack(float("nan")),
        protocol.PROGRESS + protocol.SECONDS.pack(float("inf")),
        protocol.PROGRESS + protocol.SECONDS.pack(-1.0),
        protocol.PROGRESS + protocol.SECONDS.pack(1e9),
        protocol.MEDIA,
        protocol.MEDIA + b"null",
        protocol.MEDIA + b"[" * 100_000,
        protocol.MEDIA + b"\xff\xfe",
        media(duration_seconds="long"),
        media(duration_seconds=-1),
        media(duration_seconds=1e9),
        protocol.MEDIA + json.dumps(FACTS | {"duration_seconds": float("nan")}).encode(),
        media(sample_rate_hz=0),
        media(channels=-1),
        protocol.MEDIA + json.dumps(FACTS | {"peak_dbfs": float("inf")}).encode(),
        protocol.MEDIA + json.dumps(FACTS | {"loudness_lufs": float("nan")}).encode(),
        media(tags={"title": ["a", "list"]}),
        protocol.VERDICT,
        protocol.VERDICT + b"7",
        verdict(note="no code"),
    ],
)
def test_nonsense_from_a_child_is_a_refusal(nonsense: bytes) -> None:
    child = Scripted(iter([nonsense]))
    with pytest.raises(Refused, match="nonsense") as caught:
        list(converse(child, Hundred(), DECODE, 1 << 30))
    assert caught.value.code == "decoder_crashed"


def test_more_samples_than_the_limit_allows_are_nonsense() -> None:
    with pytest.raises(Refused, match="nonsense"):
        talk(DECODE, *[protocol.PCM + bytes(1 << 20)] * 10)


def pcm_format(sample_rate_hz: int = 8_000, channels: int = 2, sample_bytes: int = 4) -> bytes:
    return protocol.FORMAT + protocol.PCM_FORMAT.pack(sample_rate_hz, channels, sample_bytes)


def test_the_format_of_sound_comes_before_its_samples() -> None:
    words, child = talk(HEAR, pcm_format(), protocol.PCM + bytes(64_000), media())
    assert words == [PcmFormat(sample_rate_hz=8_000, channels=2, sample_bytes=4), bytes(64_000), Media(**FACTS)]
    assert child.allowed == [1.0]


@pytest.mark.parametrize(
    ("sound", "says"),
    [
        (Sound(), [protocol.PCM + bytes(100)]),
        (Sound(), [media()]),
        (Sound(), [protocol.FORMAT]),
        (Sound(), [pcm_format(), pcm_format()]),
        (Sound(), [pcm_format(sample_rate_hz=0)]),
        (Sound(), [pcm_format(channels=0)]),
        (Sound(), [pcm_format(sample_bytes=3)]),
        (Sound(), [pcm_format(), protocol.PCM]),
        (Sound(), [pcm_format(), protocol.PCM + bytes(12)]),
        (Sound(), [pcm_format(sample_rate_hz=100), protocol.PCM + bytes(100_000)]),
        (Sound(sample_rate_hz=16_000), [pcm_format()]),
        (Sound(mono=True), [pcm_format()]),
    ],
)
def test_sound_that_is_not_what_was_asked_for_is_nonsense(sound: Sound, says: list[bytes]) -> None:
    with pytest.raises(Refused, match="nonsense"):
        talk(replace(HEAR, sound=sound), *says)


def test_a_format_that_nobody_asked_for_is_nonsense() -> None:
    with pytest.raises(Refused, match="nonsense"):
        talk(DECODE, pcm_format(16_000, 1, 2))


def test_samples_that_nobody_asked_for_are_nonsense() -> None:
    with pytest.raises(Refused, match="nonsense"):
        talk(PROBE, protocol.PCM + bytes(100))


def test_what_a_child_says_about_a_recording_is_cleaned_again() -> None:
    hostile = {"k" * 500: "x\x1b[2J" * 2000} | {f"{n}": "v" for n in range(500)}
    (facts,), _ = talk(PROBE, media(container="w\x00av" * 1000, codec="\x1b[31mred", tags=hostile))
    assert isinstance(facts, Media)
    assert facts.codec == "[31mred"
    assert len(facts.container) <= 100
    assert len(facts.tags) == 64
    assert all(value.isprintable() and len(value) <= 1000 for value in facts.tags.values())


@pytest.mark.parametrize(
    ("fields", "code", "words"),
    [
        ({"code": "not_audio"}, "not_audio", "send WAV, FLAC"),
        ({"code": "no_audio_track"}, "no_audio_track", "no sound track"),
        ({"code": "decode_failed"}, "decode_failed", "export it again"),
        (
            {"code": "truncated", "decoded_seconds": 5, "claimed_seconds": 10},
            "truncated",
            "after 5.0 of the 10.0 seconds",
        ),
        ({"code": "truncated", "decoded_seconds": 5}, "truncated", "in the middle of its data"),
        ({"code": "too_long"}, "too_long", "0.0166667 hours"),
    ],
)
def test_a_verdict_becomes_a_sentence(fields: dict[str, object], code: str, words: str) -> None:
    child = Scripted(iter([verdict(**fields)]))
    with pytest.raises(Refused, match=words) as caught:
        list(converse(child, Hundred(), PROBE, 1 << 30))
    assert caught.value.code == code


@pytest.mark.parametrize(("code", "words"), [("out_of_memory", "1024 MiB"), ("failed", "fail"), ("made_up", "fail")])
def test_a_verdict_about_the_decoder_itself_is_a_crash(code: str, words: str) -> None:
    child = Scripted(iter([verdict(code=code, note="\x1b[2J")]))
    with pytest.raises(Refused, match=words) as caught:
        list(converse(child, Hundred(), PROBE, 1 << 30))
    assert caught.value.code == "decoder_crashed"
