"""Only a WAV about which nothing is unusual is read without FFmpeg."""

import struct

import pytest

from ai2text.audio import plain_wave
from tests.fixtures.memory_source import MemorySource

RATE_HZ = 16_000


def form(tag: int = 1, channels: int = 1, rate: int = RATE_HZ, bits: int = 16, rest: bytes = b"") -> bytes:
    align = channels * bits // 8
    return chunk(b"fmt ", struct.pack("<HHIIHH", tag, channels, rate, rate * align, align, bits) + rest)


def chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def riff(*chunks: bytes, name: bytes = b"RIFF") -> bytes:
    return chunk(name, b"WAVE" + b"".join(chunks))


SOUND = bytes(range(200))
DATA = chunk(b"data", SOUND)
LIST = chunk(b"LIST", b"INFOISFT\4\0\0\0abc\0")


@pytest.mark.parametrize(
    "content",
    [riff(form(), DATA), riff(LIST, form(), DATA), riff(form(rest=b"\0\0"), chunk(b"fact", b"\1\0\0\0"), LIST, DATA)],
)
def test_the_samples_are_found(content: bytes) -> None:
    found = plain_wave.find(MemorySource(content), RATE_HZ)
    assert found is not None
    assert content[found.start : found.stop] == SOUND
    assert b"".join(plain_wave.blocks(MemorySource(content), found, RATE_HZ)) == SOUND


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(riff(form(channels=2), DATA), id="stereo"),
        pytest.param(riff(form(rate=8000), DATA), id="another rate"),
        pytest.param(riff(form(bits=24), DATA), id="24 bits"),
        pytest.param(riff(form(tag=3, bits=32), DATA), id="float"),
        pytest.param(riff(form(tag=0xFFFE, rest=bytes(24)), DATA), id="extensible"),
        pytest.param(riff(form(), form(), DATA), id="two formats"),
        pytest.param(riff(DATA, form()), id="format behind the data"),
        pytest.param(riff(form()), id="no data"),
        pytest.param(riff(form(), chunk(b"data", b"")), id="empty data"),
        pytest.param(riff(form(), chunk(b"data", SOUND[:-1])), id="half a sample"),
        pytest.param(riff(form(), DATA, LIST), id="something behind the data"),
        pytest.param(riff(form(), DATA) + b"\0\0", id="something behind the file"),
        pytest.param(riff(form(), DATA)[:-2], id="cut"),
        pytest.param(riff(form(), DATA, name=b"RF64"), id="RF64"),
        pytest.param(riff(form(), chunk(b"data", bytes.fromhex("7ffe8001") * 9)), id="like DTS"),
        pytest.param(
            riff(form(), chunk(b"junk", bytes(plain_wave.HEAD_BYTES)), DATA), id="data far from the beginning"
        ),
        pytest.param(b"RIFF", id="hardly anything"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"ID3" + bytes(100), id="something else"),
    ],
)
def test_anything_else_is_left_to_ffmpeg(content: bytes) -> None:
    assert plain_wave.find(MemorySource(content), RATE_HZ) is None


def test_long_ones_come_in_blocks_of_half_a_minute() -> None:
    content = riff(form(), chunk(b"data", bytes(2 * RATE_HZ * 70)))
    found = plain_wave.find(MemorySource(content), RATE_HZ)
    assert found is not None
    sizes = [len(block) / 2 / RATE_HZ for block in plain_wave.blocks(MemorySource(content), found, RATE_HZ)]
    assert sizes == [30, 30, 10]
