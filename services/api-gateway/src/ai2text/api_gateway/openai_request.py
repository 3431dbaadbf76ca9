"""A request to OpenAI's audio API as it was sent: a form, or JSON with the recording in base64."""

import asyncio
import json
import re
import tempfile
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

from fastapi import Request
from starlette.datastructures import UploadFile

from ai2text.api_gateway.json_upload import JsonUpload
from ai2text.api_gateway.openai_errors import OpenAIRefused

BLOCK_BYTES = 1 << 20
NAME_MOST_CHARACTERS = 255
FIELDS_MOST = 64
NESTED = re.compile(r"(chunking_strategy)\[(\w+)\]")
"""How the official client writes an object into a form."""

Fields = Mapping[str, tuple[str, ...]]
"""Values by name, as text; objects are JSON. What is empty was not sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    file: BinaryIO
    name: str
    fields: Fields

    async def blocks(self) -> AsyncIterator[bytes]:
        await asyncio.to_thread(self.file.seek, 0)
        while block := await asyncio.to_thread(self.file.read, BLOCK_BYTES):
            yield block


@asynccontextmanager
async def sent(request: Request) -> AsyncIterator[Sent]:
    """Raises OpenAIRefused."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json":
        with tempfile.TemporaryFile() as file:
            upload = JsonUpload(file)
            async for chunk in request.stream():
                await asyncio.to_thread(upload.feed, chunk)
            document, name = await asyncio.to_thread(upload.end)
            pairs = [(key, text) for key, value in document.items() for text in _texts(key, value)]
            yield _sent(file, name, pairs)
        return
    async with request.form(max_files=1, max_fields=FIELDS_MOST) as form:
        upload_file = form.get("file")
        if not isinstance(upload_file, UploadFile):
            raise OpenAIRefused(
                400,
                "The field `file` is missing: send audio in it, as a form (multipart/form-data) or in base64 as JSON.",
                code="missing_required_parameter",
                param="file",
            )
        texts = [(key, value) for key, value in form.multi_items() if isinstance(value, str)]
        yield _sent(upload_file.file, upload_file.filename, texts)


def _sent(file: BinaryIO, name: str | None, pairs: Iterable[tuple[str, str]]) -> Sent:
    return Sent(file=file, name=(name or "upload")[:NAME_MOST_CHARACTERS], fields=_gathered(pairs))


def _gathered(pairs: Iterable[tuple[str, str]]) -> Fields:
    """Lists may be called `name[]`, as the official client has it."""
    gathered: dict[str, tuple[str, ...]] = {}
    nested: dict[str, dict[str, str]] = {}
    for key, value in pairs:
        if part := NESTED.fullmatch(key):
            nested.setdefault(part[1], {})[part[2]] = value
        elif value:
            name = key.removesuffix("[]")[:NAME_MOST_CHARACTERS]
            gathered[name] = (*gathered.get(name, ()), value)
    return gathered | {name: (json.dumps(parts),) for name, parts in nested.items()}


def _texts(name: str, value: Any) -> list[str]:
    """As a form would have it."""
    match value:
        case None:
            return []
        case bool():
            return [str(value).lower()]
        case str() | int() | float():
            return [str(value)]
        case list() if not any(isinstance(item, list | dict) for item in value):
            return [text for item in value for text in _texts(name, item)]
        case dict() if name == "chunking_strategy":
            return [json.dumps(value)]
    raise OpenAIRefused(400, f"{name[:80]} is of another type.", code="invalid_type", param=name[:80])
