from pathlib import Path

import pytest

from ai2text.audio import magic
from ai2text.audio.refusals import GROUNDS, refused

OPERATIONS = Path(__file__).parents[3] / "docs/operations.md"
CODES = {
    "empty",
    "not_audio",
    "unsupported_container",
    "no_audio_track",
    "truncated",
    "too_long",
    "too_large",
    "decode_failed",
    "timed_out",
    "decoder_crashed",
    "unreadable",
    "erased",
}


def test_the_codes_are_those_that_programs_already_know() -> None:
    assert set(GROUNDS) == CODES


def test_the_operations_book_lists_every_code_with_what_to_do() -> None:
    listed = OPERATIONS.read_text(encoding="utf-8").split("<!-- refusals -->")[1].split("<!-- end of refusals -->")[0]
    rows = listed.strip().splitlines()[2:]
    assert rows == [f"| `{code}` | {ground.meaning} | {ground.remedy} |" for code, ground in GROUNDS.items()]


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_refusal_is_a_sentence(code: str) -> None:
    detail = refused(code).detail
    assert detail[0].isupper()
    assert detail.endswith(".")


@pytest.mark.parametrize(
    ("head", "code"),
    [
        (b".RMF\0\0\0\x12", "unsupported_container"),
        (b"FORM\0\0\0\x108SVXVHDR", "unsupported_container"),
        (b"RIFF\0\0\0\0QLCMfmt ", "unsupported_container"),
        (b"MThd\0\0\0\x06", "not_audio"),
        (b"RIFF\0\0\0\0RMIDdata", "not_audio"),
        (b"#EXTM3U\n", "not_audio"),
        (b"%PDF-1.7\n", "not_audio"),
    ],
)
def test_first_bytes_that_settle_the_matter(head: bytes, code: str) -> None:
    refusal = magic.refusal(head)
    assert refusal is not None
    assert refusal.code == code


@pytest.mark.parametrize(
    "head", [b"", b"R", b"RIFF\0\0\0\0WAVEfmt ", b"FORM\0\0\0\0AIFFCOMM", b"\xff\xfb\x90\x00", b"ID3\x03", b"Dear all,"]
)
def test_first_bytes_that_settle_nothing_are_left_to_the_decoder(head: bytes) -> None:
    assert magic.refusal(head) is None
