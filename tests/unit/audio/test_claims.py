import io
import struct

import pytest

from ai2text.audio.claims import ends_inside_page, may_hide_another_codec, promised_share


def chunk(name: bytes, size: int, content: bytes = b"") -> bytes:
    return name + struct.pack("<I", size) + content


def wave(data_size: int, present: int, before: bytes = b"", kind: bytes = b"RIFF") -> bytes:
    form = chunk(b"fmt ", 16, bytes(16))
    return kind + bytes(4) + b"WAVE" + before + form + chunk(b"data", data_size, bytes(present))


def share(content: bytes) -> float:
    return promised_share(io.BytesIO(content), len(content))


@pytest.mark.parametrize(("promised", "present", "expected"), [(1000, 1000, 1.0), (1000, 500, 2.0), (1000, 1010, 1.0)])
def test_a_wav_promises_the_size_of_its_data(promised: int, present: int, expected: float) -> None:
    assert share(wave(promised, present)) == expected


@pytest.mark.parametrize("placeholder", [0, 0x7FFFFFFF, 0x7FFFFFDB, 0x80000000, 0xFFFFFFFF])
def test_a_placeholder_promises_nothing(placeholder: int) -> None:
    assert share(wave(placeholder, 500)) == 1.0


def test_chunks_of_odd_size_before_the_data_are_stepped_over() -> None:
    assert share(wave(1000, 500, before=chunk(b"LIST", 3, b"abc\0"))) == 2.0


def test_rf64_keeps_its_size_in_a_chunk_of_its_own() -> None:
    sizes = chunk(b"ds64", 28, struct.pack("<QQQI", 0, 1000, 0, 0))
    assert share(wave(0xFFFFFFFF, 500, before=sizes, kind=b"RF64")) == 2.0


@pytest.mark.parametrize("content", [b"", b"RIFF", b"RIFF....WAVE", b"RIFF....WAVEfmt ", b"riff" + bytes(60), b"OggS"])
def test_a_header_that_is_all_there_is_promises_nothing(content: bytes) -> None:
    assert share(content) == 1.0


def test_a_chain_of_empty_chunks_has_an_end() -> None:
    assert share(b"RIFF....WAVE" + chunk(b"junk", 0) * 100_000) == 1.0


def page(payload: bytes) -> bytes:
    full, rest = divmod(len(payload), 255)
    segments = bytes([255] * full + [rest])
    return b"OggS" + bytes(22) + bytes([len(segments)]) + segments + payload


def inside(content: bytes) -> bool:
    return ends_inside_page(io.BytesIO(content), len(content))


def test_an_ogg_of_whole_pages_is_whole() -> None:
    assert not inside(page(b"x" * 1000) + page(b"y" * 70))


@pytest.mark.parametrize("missing", [1, 69, 75, 90])
def test_an_ogg_that_stops_within_its_last_page_was_cut(missing: int) -> None:
    content = page(b"x" * 1000) + page(b"y" * 70)
    assert inside(content[:-missing])


def test_other_files_have_no_pages() -> None:
    assert not inside(b"RIFF" + bytes(100))


@pytest.mark.parametrize("sync", ["7ffe8001", "fe7f0180", "1fffe800", "ff1f00e8"])
def test_a_wav_that_begins_like_dts_is_looked_into(sync: str) -> None:
    assert may_hide_another_codec(io.BytesIO(wave(8, 0) + bytes(2000) + bytes.fromhex(sync)))


def test_samples_of_a_wav_are_samples_and_other_containers_are_looked_into() -> None:
    assert not may_hide_another_codec(io.BytesIO(wave(1000, 1000)))
    assert may_hide_another_codec(io.BytesIO(b"\xff\xfb\x90\0" + bytes(1000)))
