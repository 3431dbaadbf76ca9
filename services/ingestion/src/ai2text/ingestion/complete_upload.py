"""The parts of a large upload become a stored, announced recording before the answer, or a refusal that says why."""

import asyncio
from dataclasses import dataclass

import structlog

from ai2text.common.ask import UploadSettings
from ai2text.common.errors import ObjectNotFound
from ai2text.common.jetstream import Broker
from ai2text.ingestion import recording
from ai2text.ingestion.announce_recording import announce_recording
from ai2text.ingestion.receive_upload import ask_of, shown_name
from ai2text.ingestion.request_body import check, checked_sha256
from ai2text.ingestion.store_staged import StoreStaged
from ai2text.ingestion.upload import Part, Received, chosen
from ai2text.ingestion.uploads import Standing, UploadGone, Uploads

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """What the sender says of the whole; each may be left out."""

    parts: tuple[int, ...] | None = None
    sha256: str | None = None


class CompleteUpload:
    """The use case with what it needs; one object serves all uploads."""

    def __init__(self, settings: UploadSettings, uploads: Uploads, storing: StoreStaged, broker: Broker) -> None:
        self._settings = settings
        self._uploads = uploads
        self._storing = storing
        self._broker = broker
        self._running: dict[tuple[str, str, Completion], asyncio.Task[Received]] = {}

    async def complete_upload(self, tenant: str, upload_id: str, completion: Completion) -> Received:
        """Asked again while it goes on, the same work is waited for; asked later, the answer is the same.

        Raises UploadGone, Refused, ObjectChanged when a part was replaced meanwhile, Unavailable.
        """
        key = (tenant, upload_id, completion)
        task = self._running.get(key)
        if task is None:
            task = asyncio.create_task(self._complete(tenant, upload_id, completion))
            self._running[key] = task
            task.add_done_callback(lambda _: self._running.pop(key, None))
        return await asyncio.shield(task)

    async def _complete(self, tenant: str, upload_id: str, completion: Completion) -> Received:
        standing = await asyncio.to_thread(self._uploads.find, tenant, upload_id)
        if standing.answer is None:
            parts = chosen(standing.parts, completion.parts, standing.upload.size_bytes)
            answer = await self._take_in(standing, parts, completion)
            await asyncio.to_thread(self._uploads.answer, standing, answer)
            log.debug("upload_answered", upload_id=upload_id)
        else:
            answer = standing.answer
        await asyncio.to_thread(self._uploads.clear, standing)
        return answer

    async def _take_in(self, standing: Standing, parts: list[Part], completion: Completion) -> Received:
        upload = standing.upload
        promised = checked_sha256(completion.sha256) if completion.sha256 else None
        if promised and upload.sha256:
            check(promised, upload.sha256)
        ask = ask_of(self._settings, upload.tenant, upload.subject, upload.fields)
        source = recording.source_of(ask, "upload", shown_name(upload.fields.get("name", "")), modified_at=None)
        objects = [part.object for part in parts]
        try:
            stored = await asyncio.to_thread(
                self._storing.store_staged, ask, source, objects, promised or upload.sha256
            )
        except ObjectNotFound as exc:
            raise UploadGone("The upload was removed while it was completed.") from exc
        await announce_recording(self._broker, stored.facts, stored.job)
        log.info(
            "upload_received", recording_id=stored.facts.recording_id, bytes=stored.facts.size_bytes, new=stored.new
        )
        return Received(recording_id=stored.facts.recording_id, job_id=stored.job.job_id, new=stored.new)
