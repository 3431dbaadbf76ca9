"""Base64 as people send it, decoded while it arrives: bare or as a data URI, in either alphabet, in lines, unpadded."""

import base64
import binascii
import re
from urllib.parse import unquote, unquote_to_bytes

from ai2text.api_gateway.openai_errors import OpenAIRefused

SCHEME = b"data:"
HEAD_MOST_BYTES = 4096
BLANKS = b" \t\r\n\f\v"
COMMON_ALPHABET = bytes.maketrans(b"-_", b"+/")
HALF_ESCAPE = re.compile(rb"%[0-9A-Fa-f]?\Z")
PADDING_MOST = 2


class Base64Text:
    """Fed with pieces of any length. Raises OpenAIRefused for what is no base64, naming the field `file`."""

    def __init__(self) -> None:
        self.name: str | None = None
        """The parameter `name` of a data URI."""
        self._begun = False
        self._escaped = False
        self._plain = False
        self._held = b""
        """What is not understood before more has come: the head of a data URI, half of an escape."""
        self._digits = b""
        """Fewer than four, which make no bytes yet."""
        self._padding = 0

    def feed(self, text: bytes) -> bytes:
        self._held += text
        if not self._begun and not self._begin():
            return b""
        return self._decoded(self._unescaped())

    def end(self) -> bytes:
        """The last bytes."""
        if not self._begun and self._is_uri():
            raise _refused("a data URI has a comma before its data")
        rest = self._decoded(self._held)
        if len(self._digits) == 1:
            raise _refused("its base64 is cut short")
        return rest + _bytes_of(self._digits + b"=" * (-len(self._digits) % 4))

    def _begin(self) -> bool:
        """Whether it is known by now what this is."""
        self._held = self._held.lstrip(BLANKS)
        if len(self._held) < len(SCHEME):
            return False
        if self._is_uri():
            head, comma, data = self._held.partition(b",")
            if not comma and len(head) < HEAD_MOST_BYTES:
                return False
            self._read_head(head)
            self._held, self._escaped = data, True
        self._begun = True
        return True

    def _is_uri(self) -> bool:
        return self._held[: len(SCHEME)].lower() == SCHEME

    def _read_head(self, head: bytes) -> None:
        """RFC 2397: `data:audio/wav;name=talk.wav;base64`."""
        if len(head) >= HEAD_MOST_BYTES:
            raise _refused("a data URI has a comma before its data")
        _, *parameters = head.decode("latin-1").split(";")
        self._plain = not parameters or parameters[-1].strip().lower() != "base64"
        for parameter in parameters:
            key, _, value = parameter.partition("=")
            if key.strip().lower() in {"name", "filename"}:
                self.name = unquote(value.strip().strip('"')) or None

    def _unescaped(self) -> bytes:
        """Without the percent signs that a URI may have; half an escape waits for its other half."""
        if not self._escaped:
            text, self._held = self._held, b""
            return text
        half = HALF_ESCAPE.search(self._held)
        end = half.start() if half else len(self._held)
        text, self._held = self._held[:end], self._held[end:]
        return unquote_to_bytes(text)

    def _decoded(self, text: bytes) -> bytes:
        if self._plain:
            return text
        digits, equals, after = text.translate(COMMON_ALPHABET, BLANKS).partition(b"=")
        if digits and self._padding:
            raise _refused("after the end of its base64 comes more")
        self._padding += len(equals) + len(after)
        if after.strip(b"=") or self._padding > PADDING_MOST:
            raise _refused("after the end of its base64 comes more")
        digits = self._digits + digits
        whole = len(digits) - len(digits) % 4
        self._digits = digits[whole:]
        return _bytes_of(digits[:whole])


def _bytes_of(digits: bytes) -> bytes:
    try:
        return base64.b64decode(digits, validate=True)
    except binascii.Error as exc:
        raise _refused("it holds characters that base64 does not have") from exc


def _refused(why: str) -> OpenAIRefused:
    return OpenAIRefused(
        400,
        f"`file` cannot be read: {why}. In JSON it is the audio in base64, bare or as data:audio/wav;base64,...; "
        "audio of any length is better sent as a form (multipart/form-data).",
        code="invalid_base64",
        param="file",
    )
