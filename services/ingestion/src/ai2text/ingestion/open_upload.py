"""A large upload is announced by its sender; what could be refused at its end is refused now."""

import asyncio
from collections.abc import Mapping
from uuid import uuid4

from ai2text.common.ask import UploadSettings
from ai2text.common.clock import Clock
from ai2text.ingestion.receive_upload import ask_of
from ai2text.ingestion.request_body import TooLarge, checked_sha256
from ai2text.ingestion.settings import IngestionSettings
from ai2text.ingestion.upload import Upload
from ai2text.ingestion.uploads import Standing, Uploads


class OpenUpload:
    """The use case with what it needs."""

    def __init__(self, settings: UploadSettings, ingestion: IngestionSettings, uploads: Uploads, clock: Clock) -> None:
        self._settings = settings
        self._ingestion = ingestion
        self._uploads = uploads
        self._clock = clock

    async def open_upload(
        self, tenant: str, subject: str, fields: Mapping[str, str], size_bytes: int | None, sha256: str | None
    ) -> Standing:
        """Raises Refused, TooLarge, Unavailable."""
        ask_of(self._settings, tenant, subject, fields)
        if size_bytes is not None and size_bytes > self._ingestion.max_file_bytes:
            raise TooLarge(self._ingestion.max_file_bytes)
        upload = Upload(
            upload_id=uuid4().hex,
            tenant=tenant,
            subject=subject,
            fields=dict(fields),
            size_bytes=size_bytes,
            sha256=checked_sha256(sha256) if sha256 is not None else None,
            opened_at=self._clock(),
        )
        return await asyncio.to_thread(self._uploads.open, upload)
