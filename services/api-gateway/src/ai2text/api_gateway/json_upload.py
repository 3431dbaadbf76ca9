"""A JSON document with a recording in it, taken apart while it arrives.

Its one long string, the recording, goes to a file as it is decoded; everything else stays small, and only that is
parsed. So neither hours of audio nor a document of a million brackets takes memory.
"""

import json
import re
from typing import Any, BinaryIO
from uuid import uuid4

from ai2text.api_gateway.base64_text import Base64Text
from ai2text.api_gateway.openai_errors import OpenAIRefused

DOCUMENT_BYTES = 1 << 20
LONG_BYTES = 1 << 16
"""From here on a string is taken for the recording."""
IN_STRING = re.compile(rb'[^"\\]*(?:\\(?:u[0-9A-Fa-f]{4}|[^u])[^"\\]*)*', re.DOTALL)
"""As much of it as is there and whole: up to its end, or to half of an escape."""
ESCAPE_BYTES = len(r"\u0000")


class JsonUpload:
    """Fed with the body piece by piece. Raises OpenAIRefused for what is no such document."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._text = Base64Text()
        self._document = bytearray()
        self._held = b""
        self._inside = False
        self._string_at = 0
        """Where in the document the string begins that is being read."""
        self._mark: str | None = None
        """Stands in the document in the place of the long string."""
        self._cutting = False

    def feed(self, chunk: bytes) -> None:
        """Blocking: writes to the file."""
        data, self._held = self._held + chunk, b""
        at = 0
        while at < len(data):
            at = self._string(data, at) if self._inside else self._between(data, at)
            if len(self._document) > DOCUMENT_BYTES:
                raise OpenAIRefused(413, f"Beside `file` the body may have {DOCUMENT_BYTES} bytes.", code="too_large")

    def end(self) -> tuple[dict[str, Any], str | None]:
        """The other fields, and the file's name if it said one; `file` holds the recording."""
        if self._inside:
            raise _broken("its last string does not end")
        document = _parsed(bytes(self._document))
        recording = document.pop("file", None)
        if self._mark is not None and recording != self._mark:
            raise OpenAIRefused(
                400, f"Only `file` may have {LONG_BYTES} bytes and more.", code="invalid_value", param=None
            )
        if not isinstance(recording, str) or not recording:
            raise OpenAIRefused(
                400,
                "`file` is missing: it is the audio in base64, bare or as data:audio/wav;base64,...",
                code="missing_required_parameter",
                param="file",
            )
        if self._mark is None:
            self._file.write(self._text.feed(_ascii(recording)))
            self._file.write(self._text.end())
        return document, self._text.name

    def _between(self, data: bytes, at: int) -> int:
        end = data.find(b'"', at) + 1
        self._inside = end > 0
        self._document += data[at : end or len(data)]
        self._string_at = len(self._document)
        return end or len(data)

    def _string(self, data: bytes, at: int) -> int:
        whole = IN_STRING.match(data, at)
        end = at if whole is None else whole.end()
        self._take(data[at:end])
        if data[end : end + 1] == b'"':
            self._close()
            return end + 1
        if len(data) - end >= ESCAPE_BYTES:
            raise _broken("an escape in a string is none of JSON's")
        self._held = data[end:]
        return len(data)

    def _take(self, piece: bytes) -> None:
        if self._cutting:
            self._file.write(self._text.feed(_unescaped(piece)))
            return
        self._document += piece
        if len(self._document) - self._string_at > LONG_BYTES and self._mark is None:
            piece = bytes(self._document[self._string_at :])
            self._mark = uuid4().hex
            self._document[self._string_at :] = self._mark.encode()
            self._cutting = True
            self._file.write(self._text.feed(_unescaped(piece)))

    def _close(self) -> None:
        if self._cutting:
            self._file.write(self._text.end())
        self._document += b'"'
        self._cutting = self._inside = False


def _parsed(document: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(document.decode(), strict=False)
    except (ValueError, RecursionError) as exc:
        raise _broken("it cannot be parsed") from exc
    if not isinstance(parsed, dict):
        raise _broken("it is no object")
    return parsed


def _unescaped(piece: bytes) -> bytes:
    r"""Some write `/` as `\/`, and `+` as `\u002B`."""
    if b"\\" not in piece:
        return piece
    try:
        return _ascii(json.loads(b'"%b"' % piece, strict=False))
    except ValueError as exc:
        raise _broken("a string is not in UTF-8") from exc


def _ascii(text: str) -> bytes:
    """What is not ASCII is no base64 either, and is refused as such."""
    return text.encode("ascii", "replace")


def _broken(why: str) -> OpenAIRefused:
    return OpenAIRefused(400, f"The body is no JSON document: {why}.", code="invalid_json")
