"""Whether a server on this machine can do its work: asked once, answered within a second."""

import asyncio
import json
import struct
from typing import Any

SECONDS = 1.0
POSTGRES_PROTOCOL = 3 << 16


async def http_status(port: int, path: str) -> int | None:
    """The status code of a GET; None when there is no answer."""
    head = (await _ask(port, _get(path), 64)).split(b" ", 2)
    return int(head[1]) if len(head) == 3 and head[1].isdigit() else None  # noqa: PLR2004 - version, code, reason


async def http_json(port: int, path: str) -> Any:
    """The decoded body of a GET; None when there is none."""
    _, _, body = (await _ask(port, _get(path), -1)).partition(b"\r\n\r\n")
    try:
        return json.loads(body)
    except ValueError:
        return None


async def postgres_lets_in(port: int, user: str) -> bool:
    """Whether a session is asked for its password; while it starts or recovers the server answers with an error."""
    text = f"user\0{user}\0database\0{user}\0\0".encode()
    answer = await _ask(port, struct.pack("!II", len(text) + 8, POSTGRES_PROTOCOL) + text, 1)
    return answer == b"R"


def _get(path: str) -> bytes:
    return f"GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n".encode()


async def _ask(port: int, question: bytes, length: int) -> bytes:
    """The first `length` bytes of the answer, all of it for -1; nothing when nobody answers in time."""
    try:
        return await asyncio.wait_for(_exchange(port, question, length), SECONDS)
    except OSError:  # TimeoutError among them
        return b""


async def _exchange(port: int, question: bytes, length: int) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(question)
        return await reader.read(length)
    finally:
        writer.close()


async def accepts(port: int) -> bool:
    """Whether somebody listens there."""
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection("127.0.0.1", port), SECONDS)
    except OSError:
        return False
    writer.close()
    return True
