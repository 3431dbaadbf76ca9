"""Uploads files, a few at a time, waits for their jobs, and fetches the transcripts."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx

from ai2text.cli.client import AnsweredWithError, checked, detail_of, json_of
from ai2text.cli.options import unanswered
from ai2text.cli.patience import BUSY, Patience, stop_if_cancelled
from ai2text.cli.upload_in_parts import UPLOAD_TIMEOUTS, UploadInParts
from ai2text.common.contracts.states import JOB_ENDS, JobStatus
from ai2text.common.errors import Misconfigured

AT_ONCE = 4
BLOCK_BYTES = 1 << 20
WAIT_SECONDS = 20
IN_PARTS_BYTES = 256 << 20
"""Larger files are sent in parts, so that a broken connection costs one part."""
REFUSALS = frozenset({HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.REQUEST_ENTITY_TOO_LARGE})
NOT_YET = BUSY | {HTTPStatus.NOT_FOUND}
"""Of a job whose upload was accepted: the catalogue is behind."""


@dataclass(slots=True, kw_only=True)
class Transcription:
    """How far a file has come."""

    file: Path
    recording_id: str | None = None
    job_id: str | None = None
    status: str | None = None
    """Of its job, None as long as there is none."""
    text: str | None = None
    output: Path | None = None
    error: str | None = None


class TranscribeFiles:
    """The use case with what it needs."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        form: str,
        ended: Callable[[Transcription], None],
        sent: Callable[[Path, int], None],
        patience: Patience,
    ) -> None:
        self._client = client
        self._form = form
        self._ended = ended
        self._in_parts = UploadInParts(client, sent, patience)
        self._patience = patience

    async def transcribe_files(self, transcriptions: Iterable[Transcription]) -> None:
        """Calls `ended` with each, in whatever order; one that fails does not stop the others."""
        waiting = iter(transcriptions)
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(self._work(waiting))

    async def _work(self, waiting: Iterator[Transcription]) -> None:
        for transcription in waiting:
            try:
                await self._transcribe(transcription)
            except (AnsweredWithError, Misconfigured) as exc:
                transcription.error = str(exc)
            except httpx.TransportError as exc:
                transcription.error = unanswered(exc)
            except OSError as exc:
                transcription.error = _unreadable(transcription.file, exc)
            stop_if_cancelled()
            self._ended(transcription)

    async def _transcribe(self, transcription: Transcription) -> None:
        received = await self._upload(transcription.file)
        transcription.recording_id, transcription.job_id = received["recording_id"], received["job_id"]
        transcription.status = received["status"]
        job = await self._wait(transcription)
        if job["status"] != JobStatus.COMPLETED:
            error = job["error"]
            raise AnsweredWithError(f"{error['code']}: {error['detail']}" if error else f"the job was {job['status']}")
        transcript = f"/v1/recordings/{transcription.recording_id}/transcript"
        answer = await self._patience.ask(partial(self._client.get, transcript, params={"format": self._form}))
        transcription.text = checked(answer).text

    async def _upload(self, file: Path) -> dict[str, Any]:
        """May be repeated: the same bytes are the same recording."""
        fields = {"name": shown(Path(file.name)), "lane": "interactive"}
        if (await asyncio.to_thread(file.stat)).st_size > IN_PARTS_BYTES:
            answer = await self._in_parts.upload_in_parts(file, fields)
        else:
            answer = await self._patience.ask(
                lambda: self._client.post(
                    "/v1/recordings", params=fields, content=_blocks(file), timeout=UPLOAD_TIMEOUTS
                )
            )
        if answer.status_code in REFUSALS:
            raise AnsweredWithError(f"refused: {detail_of(answer)}")
        received: dict[str, Any] = json_of(answer)
        return received

    async def _wait(self, transcription: Transcription) -> dict[str, Any]:
        """However long the recording takes."""
        look = partial(self._client.get, f"/v1/jobs/{transcription.job_id}", params={"wait": WAIT_SECONDS})
        while True:
            job: dict[str, Any] = json_of(await self._patience.ask(look, NOT_YET))
            transcription.status = job["status"]
            if job["status"] in JOB_ENDS:
                return job


async def _blocks(path: Path) -> AsyncIterator[bytes]:
    file = await asyncio.to_thread(path.open, "rb")
    with file:
        while block := await asyncio.to_thread(file.read, BLOCK_BYTES):
            yield block


def shown(path: Path) -> str:
    """Its name in UTF-8, also where the file system holds other bytes."""
    return os.fsencode(path).decode(errors="replace")


def _unreadable(file: Path, error: OSError) -> str:
    if isinstance(error, IsADirectoryError):
        return f"is a folder: name the files in it, such as {shown(file)}/*.wav"
    return f"cannot be read: {error.strerror}"
