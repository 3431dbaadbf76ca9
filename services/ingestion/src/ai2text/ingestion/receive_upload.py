"""An upload becomes a stored, announced recording before it is answered, or a refusal that says why.

The bytes go to an unnamed file on disk first: it vanishes with the request, and with the process, by itself.
"""

import asyncio
import json
import os
import tempfile
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import BinaryIO

import structlog
from starlette.datastructures import FormData, Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from ai2text.audio.tags import line
from ai2text.common.ask import PROMPT_MOST_CHARACTERS, UploadSettings, asked_options, checked_language
from ai2text.common.contracts.states import Lane, Task
from ai2text.common.contracts.transcription import TranscriptionOptions
from ai2text.common.errors import Refused
from ai2text.common.jetstream import Broker
from ai2text.ingestion import recording
from ai2text.ingestion.announce_recording import announce_recording
from ai2text.ingestion.recording import Ask
from ai2text.ingestion.request_body import check, checked, promised
from ai2text.ingestion.stable_file import sha256_of
from ai2text.ingestion.store_recording import StoreRecording
from ai2text.ingestion.upload import Received

log = structlog.get_logger()

MULTIPART = "multipart/form-data"
FIELDS_MOST = 32
NAME_MOST_CHARACTERS = 255
TAGS_MOST, TAG_MOST_CHARACTERS = 32, 100


class ReceiveUpload:
    """The use case with what it needs; one object serves all uploads."""

    def __init__(self, settings: UploadSettings, storing: StoreRecording, broker: Broker) -> None:
        self._settings = settings
        self._storing = storing
        self._broker = broker

    async def receive_upload(
        self, tenant: str, subject: str, headers: Headers, fields: Mapping[str, str], body: AsyncIterator[bytes]
    ) -> Received:
        """A multipart form, or the audio itself with its `fields` in the query.

        Raises Refused for what cannot become a recording, TooLarge, Unavailable.
        """
        promise = promised(headers)
        if headers.get("content-type", "").startswith(MULTIPART):
            whole = checked(body, self._settings.max_bytes, promise.body)
            return await self._receive_form(tenant, subject, headers, whole)
        with tempfile.TemporaryFile() as file:
            async for chunk in checked(body, self._settings.max_bytes, promise.body, promise.file):
                await asyncio.to_thread(file.write, chunk)
            ask = ask_of(self._settings, tenant, subject, fields)
            return await self._take_in(ask, fields.get("name", ""), file)

    async def _receive_form(self, tenant: str, subject: str, headers: Headers, body: AsyncIterator[bytes]) -> Received:
        parser = MultiPartParser(headers, body, max_files=1, max_fields=FIELDS_MOST)  # type: ignore[arg-type]
        try:
            form = await parser.parse()
        except MultiPartException as exc:
            raise Refused("invalid_form", f"The multipart form cannot be read: {exc.message}") from exc
        try:
            upload = form.get("file")
            if not isinstance(upload, UploadFile):
                raise Refused("file_missing", "The form has no file: send it in the field `file`.")
            ask = ask_of(self._settings, tenant, subject, _texts(form))
            upload.file.fileno()  # a small one was still in memory
            if promise := promised(headers).file:
                check(await asyncio.to_thread(sha256_of, upload.file), promise)
            return await self._take_in(ask, upload.filename or "", upload.file)
        finally:
            await form.close()

    async def _take_in(self, ask: Ask, name: str, file: BinaryIO) -> Received:
        size_bytes = await asyncio.to_thread(file.seek, 0, os.SEEK_END)
        source = recording.source_of(ask, "upload", shown_name(name), modified_at=None)
        stored = await asyncio.to_thread(self._storing.store_recording, ask, source, file, size_bytes)
        await announce_recording(self._broker, stored.facts, stored.job)
        log.info("upload_received", recording_id=stored.facts.recording_id, bytes=size_bytes, new=stored.new)
        return Received(recording_id=stored.facts.recording_id, job_id=stored.job.job_id, new=stored.new)


def ask_of(settings: UploadSettings, tenant: str, subject: str, fields: Mapping[str, str]) -> Ask:
    """Raises Refused for a field that says nothing sensible."""
    return Ask(
        tenant=tenant,
        place=subject,
        model=fields.get("model") or settings.model,
        lane=_lane(fields.get("lane") or Lane.BULK.value),
        options=_options(settings.options, fields),
        tags=_tags(fields.get("tags", "")),
        task=_task(fields.get("task") or Task.TRANSCRIBE.value),
    )


def shown_name(name: str) -> str:
    return line(name, NAME_MOST_CHARACTERS) or "upload"


def _texts(form: FormData) -> dict[str, str]:
    """A field that is sent several times counts as a list."""
    names = {name for name, value in form.multi_items() if isinstance(value, str)}
    return {name: ",".join(str(value) for value in form.getlist(name)) for name in names}


def _options(defaults: TranscriptionOptions, fields: Mapping[str, str]) -> TranscriptionOptions:
    """`options` is JSON, as in `POST /v1/jobs`; the fields with names of their own come after it."""
    defaults = asked_options(defaults, asked) if (asked := _json_object(fields.get("options"))) else defaults
    prompt = fields.get("prompt")
    if prompt is not None and len(prompt) > PROMPT_MOST_CHARACTERS:
        raise Refused(
            "prompt_too_long", f"The prompt has {len(prompt)} characters, {PROMPT_MOST_CHARACTERS} are allowed."
        )
    temperature = fields.get("temperature")
    return replace(
        defaults,
        language=_language(fields.get("language")) or defaults.language,
        initial_prompt=line(prompt or "", PROMPT_MOST_CHARACTERS) or defaults.initial_prompt,
        temperature=_temperatures(temperature, defaults.temperature) if temperature else defaults.temperature,
    )


def _json_object(text: str | None) -> dict[str, object]:
    try:
        asked = json.loads(text or "{}")
    except (ValueError, RecursionError) as exc:
        raise Refused("invalid_options", "options is no JSON: write an object of options.") from exc
    if not isinstance(asked, dict):
        raise Refused("invalid_options", 'options is a JSON object, such as {"beam_size": 1}.')
    return asked


def _tags(asked: str) -> tuple[str, ...]:
    tags = {tag for part in asked.split(",") if (tag := line(part, TAG_MOST_CHARACTERS))}
    if len(tags) > TAGS_MOST:
        raise Refused("too_many_tags", f"There are {len(tags)} tags, {TAGS_MOST} are allowed.")
    return tuple(sorted(tags))


def _language(asked: str | None) -> str | None:
    return checked_language(asked) if asked else None


def _temperatures(asked: str, defaults: tuple[float, ...]) -> tuple[float, ...]:
    """From 0 the decoder goes up as by default where a window fails its checks, as OpenAI's does."""
    temperature = _temperature(asked)
    return (temperature,) if temperature > 0 else (0.0, *(other for other in defaults if other > 0))


def _temperature(asked: str) -> float:
    try:
        temperature = float(asked)
    except ValueError as exc:
        raise Refused("invalid_temperature", f"{asked!r} is no number between 0 and 1.") from exc
    if not 0 <= temperature <= 1:
        raise Refused("invalid_temperature", f"The temperature {asked} is not between 0 and 1.")
    return temperature


def _lane(asked: str) -> Lane:
    try:
        return Lane(asked)
    except ValueError as exc:
        raise Refused("invalid_lane", f"There is no lane {asked!r}: use bulk or interactive.") from exc


def _task(asked: str) -> Task:
    try:
        return Task(asked)
    except ValueError as exc:
        raise Refused("invalid_task", f"There is no task {asked!r}: use transcribe or translate.") from exc
