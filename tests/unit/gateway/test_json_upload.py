import base64
import io
import json
import random
import tempfile
import tracemalloc
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from ai2text.api_gateway.json_upload import DOCUMENT_BYTES, LONG_BYTES, JsonUpload
from ai2text.api_gateway.openai_errors import OpenAIRefused

SHORT, LONG = b"RIFF\xfb\xff\xfe\x00\x10\x3e", random.Random(7).randbytes(300_001)  # noqa: S311 - no secret
PIECES = (1, 7, 4096, 1 << 16, 1 << 20)


def base64_of(content: bytes) -> str:
    return base64.b64encode(content).decode()


def in_lines(text: str, between: str) -> str:
    return between.join(text[at : at + 76] for at in range(0, len(text), 76))


def taken_apart(body: bytes, piece: int = 4096) -> tuple[dict[str, Any], str | None, bytes]:
    file = io.BytesIO()
    upload = JsonUpload(file)
    for at in range(0, len(body), piece):
        upload.feed(body[at : at + piece])
    return *upload.end(), file.getvalue()


def refusal(body: bytes) -> OpenAIRefused:
    with pytest.raises(OpenAIRefused) as caught:
        taken_apart(body)
    return caught.value


WAYS: dict[str, Callable[[bytes], str]] = {
    "bare": base64_of,
    "without padding": lambda content: base64_of(content).rstrip("="),
    "with half its padding": lambda content: base64_of(content).removesuffix("="),
    "in lines": lambda content: in_lines(base64_of(content), "\r\n"),
    "with blanks": lambda content: f"\n  {in_lines(base64_of(content), ' ')}\t\n",
    "in the alphabet of URLs": lambda content: base64.urlsafe_b64encode(content).decode(),
    "data URI": lambda content: f"data:audio/wav;base64,{base64_of(content)}",
    "data URI without type": lambda content: f"data:;base64,{base64_of(content)}",
    "data URI with parameters": lambda content: f"DATA:audio/wav;codecs=1; name=a%20b.wav ;Base64,{base64_of(content)}",
    "data URI with escaped base64": lambda content: f"data:audio/wav;base64,{quote(base64_of(content), safe='')}",
    "data URI without base64": lambda content: f"data:audio/wav,{quote(content)}",
}


@pytest.mark.lesson("L18")
@pytest.mark.parametrize("content", [SHORT, LONG], ids=["short", "long"])
@pytest.mark.parametrize("way", WAYS)
def test_l18_base64_is_decoded_however_it_is_written_and_sent(way: str, content: bytes) -> None:
    body = json.dumps({"model": "whisper-1", "file": WAYS[way](content), "temperature": 0}).encode()
    for piece in PIECES if content is SHORT else PIECES[1:]:
        rest, name, recording = taken_apart(body, piece)
        assert recording == content
        assert rest == {"model": "whisper-1", "temperature": 0}
        assert name == ("a b.wav" if way == "data URI with parameters" else None)


@pytest.mark.lesson("L18")
@pytest.mark.parametrize("content", [SHORT, LONG], ids=["short", "long"])
def test_l18_escapes_of_other_languages_json_count_as_what_they_stand_for(content: bytes) -> None:
    escaped = base64_of(content).replace("/", "\\/").replace("+", "\\u002B").replace("=", "\\u003d")
    for piece in PIECES[1:]:
        assert taken_apart(b'{"file": "%b"}' % escaped.encode(), piece)[2] == content


@pytest.mark.lesson("L18")
@pytest.mark.parametrize(
    ("file", "why"),
    [
        ("https://example.org/talk.wav", "characters"),
        ("UklG!!!!", "characters"),
        ("UklGR", "cut short"),
        ("UklG====", "end"),
        ("Uk==UklG", "end"),
        ("data:audio/wav;base64", "comma"),
        (f"data:{'x' * 5000},", "comma"),
        ("data:audio/wav;base64,%zz", "characters"),
        ("ünïcode" * 10, "characters"),
        ("UklG" * (LONG_BYTES // 2) + "!!!!", "characters"),
        ("UklG" * (LONG_BYTES // 2) + "U", "cut short"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_l18_anything_else_is_refused_and_told_what_is_expected(file: str, why: str) -> None:
    refused = refusal(json.dumps({"file": file}).encode())
    assert (refused.status, refused.param, refused.code) == (400, "file", "invalid_base64")
    assert why in refused.message
    assert "data:audio/wav;base64," in refused.message


@pytest.mark.parametrize("document", [{}, {"file": None}, {"file": ""}, {"file": 7}, {"file": {"data": "UklG"}}])
def test_without_a_file_it_says_what_file_is(document: dict[str, Any]) -> None:
    refused = refusal(json.dumps(document).encode())
    assert (refused.status, refused.param, refused.code) == (400, "file", "missing_required_parameter")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'"file"',
        b'{"file": "UklG"',
        b'{"file": "UklG',
        b'{"file": "UklG\\q"}',
        b'{"file": "UklG\\uZZZZ"}',
        b'{"file": "UklG"} {}',
        b'{"file": "\xff\xfe\\n"}',
        b"[" * 200_000,
        b'{"a":' * 100_000,
    ],
    ids=lambda value: repr(value[:20]),
)
def test_what_is_no_document_is_refused_however_deep(body: bytes) -> None:
    refused = refusal(body)
    assert refused.status == 400
    assert refused.code in {"invalid_json", "invalid_base64"}


def test_beside_the_recording_a_document_is_small() -> None:
    for body in (b"[" * (DOCUMENT_BYTES + 1), b'{"file": "UklG", "a": [%b]}' % (b'"b",' * DOCUMENT_BYTES)):
        assert refusal(body).status == 413


@pytest.mark.parametrize("name", ["prompt", "file2"])
def test_nothing_but_the_recording_is_long(name: str) -> None:
    long = "UklG" * LONG_BYTES
    assert refusal(json.dumps({name: long, "file": "UklG"}).encode()).code == "invalid_value"
    nested = {"file": "UklG", "options": {"file": long}}
    assert refusal(json.dumps(nested).encode()).code == "invalid_value"
    twice = b'{"file": "%b", "file": "UklG"}' % long.encode()
    assert refusal(twice).code == "invalid_value"


def test_a_recording_takes_no_memory() -> None:
    """What is held at any time is a piece of it, and the rest of the document."""
    with tempfile.TemporaryFile() as file:
        upload = JsonUpload(file)
        tracemalloc.start()
        upload.feed(b'{"file": "')
        for _ in range(1024):
            upload.feed(b"UklG" * (1 << 14))
        upload.feed(b'"}')
        _, most_bytes = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert upload.end() == ({}, None)
        assert file.tell() == 1024 * 3 * (1 << 14)
    assert most_bytes < 2 << 20
