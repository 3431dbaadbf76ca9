import base64
import hashlib
from collections.abc import AsyncIterator

import pytest

from ai2text.common.errors import Refused
from ai2text.ingestion.request_body import TooLarge, checked, promised

CONTENT = b"some audio"
HEX = hashlib.sha256(CONTENT).hexdigest()
BASE64 = base64.b64encode(hashlib.sha256(CONTENT).digest()).decode()


async def body() -> AsyncIterator[bytes]:
    for at in range(len(CONTENT)):
        yield CONTENT[at : at + 1]


async def read(most_bytes: int, *promises: str | None) -> bytes:
    return b"".join([chunk async for chunk in checked(body(), most_bytes, *promises)])


@pytest.mark.parametrize("header", [f"sha-256=:{BASE64}:", f"sha-512=:AAAA:, sha-256=:{BASE64}:"])
def test_a_content_digest_promises_the_body(header: str) -> None:
    promise = promised({"content-digest": header})
    assert (promise.body, promise.file) == (HEX, None)


def test_a_plain_checksum_promises_the_file() -> None:
    promise = promised({"x-checksum-sha256": f" {HEX.upper()} "})
    assert (promise.body, promise.file) == (None, HEX)


@pytest.mark.parametrize(
    "headers",
    [
        {"content-digest": "sha-512=:AAAA:"},
        {"content-digest": HEX},
        {"content-digest": "sha-256=:AAA:"},
        {"content-digest": "sha-256=:AAAA:"},
        {"content-digest": ""},
        {"x-checksum-sha256": BASE64},
        {"x-checksum-sha256": ""},
    ],
)
def test_a_promise_that_cannot_be_checked_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(Refused, match="invalid_checksum"):
        promised(headers)


async def test_a_body_that_is_what_was_promised_passes_unchanged() -> None:
    assert await read(len(CONTENT), HEX, None) == CONTENT


async def test_a_broken_promise_is_known_at_the_end() -> None:
    with pytest.raises(Refused, match="checksum_mismatch"):
        await read(len(CONTENT), None, "0" * 64)


@pytest.mark.lesson("L35")
async def test_l35_a_body_over_the_limit_is_refused_at_the_first_byte_too_many() -> None:
    taken: list[bytes] = []
    with pytest.raises(TooLarge):
        taken.extend([chunk async for chunk in checked(_noted(taken), 4)])
    assert len(taken) == 5


async def _noted(taken: list[bytes]) -> AsyncIterator[bytes]:
    async for chunk in body():
        taken.append(chunk)
        yield chunk
