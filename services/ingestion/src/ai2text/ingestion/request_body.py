"""The body of a request as it comes in: never more than is allowed, and what its sender promised of it."""

import base64
import binascii
import hashlib
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from ai2text.common.errors import Refused

CONTENT_DIGEST, CHECKSUM = "content-digest", "x-checksum-sha256"
SHA256 = re.compile(r"[0-9a-fA-F]{64}")
DIGEST = re.compile(r"sha-256=:([A-Za-z0-9+/=]+):")
DIGEST_BYTES = 32


class TooLarge(Refused):
    """Answered with 413."""

    def __init__(self, most_bytes: int) -> None:
        super().__init__("too_large", f"{most_bytes} bytes are allowed: send less.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """SHA-256 in lower-case hexadecimal digits, None where nothing was promised."""

    body: str | None
    """Of the request's body as it is sent (RFC 9530); a form's boundaries and fields count."""
    file: str | None
    """Of the recording itself, be it the body or the file of a form."""


def promised(headers: Mapping[str, str]) -> Promise:
    """Raises Refused for a promise that cannot be checked."""
    digest, checksum = headers.get(CONTENT_DIGEST), headers.get(CHECKSUM)
    return Promise(
        body=None if digest is None else _from_digest(digest),
        file=None if checksum is None else checked_sha256(checksum),
    )


def checked_sha256(text: str) -> str:
    if not SHA256.fullmatch(text.strip()):
        raise Refused("invalid_checksum", f"{text[:80]!r} is no SHA-256: write 64 hexadecimal digits.")
    return text.strip().lower()


def check(sha256: str, *promises: str | None) -> None:
    for promise in promises:
        if promise is not None and promise != sha256:
            raise Refused("checksum_mismatch", f"The SHA-256 {promise} was promised, {sha256} arrived: send it again.")


async def checked(body: AsyncIterator[bytes], most_bytes: int, *promises: str | None) -> AsyncIterator[bytes]:
    """The chunks of `body`. Raises TooLarge as soon as it is, and Refused at its end when a promise was not kept."""
    size, digest = 0, hashlib.sha256()
    asked = any(promises)
    async for chunk in body:
        size += len(chunk)
        if size > most_bytes:
            raise TooLarge(most_bytes)
        if asked:
            digest.update(chunk)
        yield chunk
    if asked:
        check(digest.hexdigest(), *promises)


def _from_digest(header: str) -> str:
    found = [match for part in header.split(",") if (match := DIGEST.fullmatch(part.strip()))]
    if not found:
        raise Refused("invalid_checksum", "Content-Digest is understood as sha-256=:base64: only.")
    try:
        raw = base64.b64decode(found[-1][1], validate=True)
    except binascii.Error as exc:
        raise Refused("invalid_checksum", "Content-Digest: between the colons stands no base64.") from exc
    if len(raw) != DIGEST_BYTES:
        raise Refused("invalid_checksum", f"Content-Digest: a SHA-256 has {DIGEST_BYTES} bytes, not {len(raw)}.")
    return raw.hex()
