"""A large file is sent in parts: a broken connection costs the part that was under way, and nothing else."""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path

import httpx

from ai2text.cli.client import checked, json_of
from ai2text.cli.patience import BUSY, Patience

PART_BYTES = 16 << 20
"""One at a time is in memory."""
UPLOAD_TIMEOUTS = httpx.Timeout(connect=3, read=300, write=60, pool=60)
"""A long recording is decoded once before the upload is answered."""
SLOWEST_BYTES_PER_SECOND = 5 << 20
"""Of a server that hashes, decodes and copies what has arrived."""


class UploadInParts:
    """The use case with what it needs."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        sent: Callable[[Path, int], None],
        patience: Patience,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._sent = sent
        self._patience = patience
        self._now = now

    async def upload_in_parts(self, file: Path, fields: dict[str, str]) -> httpx.Response:
        """What an upload in one piece is answered. Raises AnsweredWithError when a part is not taken."""
        size_bytes = (await asyncio.to_thread(file.stat)).st_size
        described = {**fields, "size_bytes": size_bytes}
        answer = await self._patience.ask(partial(self._client.post, "/v1/uploads", json=described))
        if answer.is_client_error:
            return answer
        begun = json_of(answer)
        upload = f"/v1/uploads/{begun['upload_id']}"
        digest, number = hashlib.sha256(), 0
        async for part in _parts(file, min(PART_BYTES, begun["part_bytes_max"])):
            digest.update(part)
            number += 1
            await self._send(f"{upload}/parts/{number}", part)
            self._sent(file, len(part))
        return await self._complete(f"{upload}/complete", digest.hexdigest(), size_bytes)

    async def _send(self, path: str, part: bytes) -> None:
        """As often as it takes; each time it takes the place of what arrived before."""
        checksum = {"X-Checksum-SHA256": hashlib.sha256(part).hexdigest()}
        put = partial(self._client.put, path, content=part, headers=checksum, timeout=UPLOAD_TIMEOUTS)
        checked(await self._patience.ask(put))

    async def _complete(self, path: str, sha256: str, size_bytes: int) -> httpx.Response:
        """Asked again while the server is at it: the gateway does not wait for as long as many hours of audio take."""
        deadline = self._now() + size_bytes / SLOWEST_BYTES_PER_SECOND
        post = partial(self._client.post, path, json={"sha256": sha256}, timeout=UPLOAD_TIMEOUTS)
        while True:
            answer = await self._patience.ask(post)
            if answer.status_code not in BUSY or self._now() > deadline:
                return answer


async def _parts(path: Path, size_bytes: int) -> AsyncIterator[bytes]:
    file = await asyncio.to_thread(path.open, "rb")
    with file:
        while part := await asyncio.to_thread(file.read, size_bytes):
            yield part
