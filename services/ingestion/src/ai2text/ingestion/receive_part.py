"""One part of a large upload, in any order, as often as its sender likes.

Its bytes go to an unnamed file on disk first, as those of an upload in one piece do, so that nothing is stored of a
part that breaks off, is too large or was not what its sender promised.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Mapping
from typing import BinaryIO

import structlog

from ai2text.common.ask import UploadSettings
from ai2text.common.errors import Refused
from ai2text.common.object_store import ObjectStore
from ai2text.ingestion.request_body import TooLarge, checked, promised
from ai2text.ingestion.settings import IngestionSettings
from ai2text.ingestion.stable_file import sha256_of
from ai2text.ingestion.store_recording import AUDIO_TYPE
from ai2text.ingestion.upload import Part, part_key, parts_among
from ai2text.ingestion.uploads import Standing, Uploads

log = structlog.get_logger()


class ReceivePart:
    """The use case with what it needs; one object serves all uploads."""

    def __init__(
        self, settings: UploadSettings, ingestion: IngestionSettings, uploads: Uploads, store: ObjectStore
    ) -> None:
        self._settings = settings
        self._ingestion = ingestion
        self._uploads = uploads
        self._store = store

    async def receive_part(
        self, tenant: str, upload_id: str, number: int, headers: Mapping[str, str], body: AsyncIterator[bytes]
    ) -> Part:
        """Takes the place of an earlier part of that number. Raises UploadGone, Refused, TooLarge, Unavailable."""
        promise = promised(headers)
        standing = await asyncio.to_thread(self._uploads.find, tenant, upload_id)
        if standing.answer:
            raise Refused("upload_completed", "The upload is complete already: begin a new one.")
        with tempfile.TemporaryFile() as file:
            async for chunk in checked(body, self._settings.part_bytes_max, promise.body, promise.file):
                await asyncio.to_thread(file.write, chunk)
            return await asyncio.to_thread(self._store_part, standing, number, file)

    def _store_part(self, standing: Standing, number: int, file: BinaryIO) -> Part:
        sha256, size_bytes = sha256_of(file), file.seek(0, 2)
        if size_bytes == 0:
            raise Refused("empty_part", "The part has no bytes: send it again.")
        others = [part for part in standing.parts if part.number != number]
        if sum(part.size_bytes for part in others) + size_bytes > self._ingestion.max_file_bytes:
            raise TooLarge(self._ingestion.max_file_bytes)
        key = part_key(standing.prefix, number, size_bytes, sha256)
        for part in standing.parts:
            if part.number == number and part.object.key != key:
                self._store.erase(part.object.key)  # first, so that there are never two of them
        file.seek(0)
        self._store.put_verified(key, file, size_bytes, sha256, AUDIO_TYPE)
        (stored,) = parts_among([self._store.stat(key)])
        log.debug("part_stored", upload_id=standing.upload.upload_id, part=number, bytes=size_bytes)
        return stored
