"""HTTP as the gateway reads it from outside: one meaning or none, bounded heads, and nobody too slow.

uvicorn's parser (httptools) refuses most of what could be read in two ways, but takes any number of `Host` headers and
heads of any length, and waits for a sender for ever.
"""

import asyncio
import json
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, NoReturn

import structlog
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

log = structlog.get_logger()

Refusal = tuple[HTTPStatus, str]

HOST = re.compile(rb"[A-Za-z0-9._-]{1,253}(:\d{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:\d{1,5})?")
LOOK_SECONDS = 1.0
LINGER_SECONDS = 2.0
"""A sender who is refused in the middle of a body may still read why, before the connection is closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLimits:
    connections: int
    url_bytes: int = 8 << 10
    head_bytes: int = 32 << 10
    """With the first line."""
    headers: int = 100
    head_seconds: float = 10.0
    """From the first moment of a connection, or the first byte of a later request, to the end of the headers."""
    pause_seconds: float = 30.0
    """Between two pieces of a body, and for a reader to make room."""
    slowest_bytes_a_second: int = 1 << 10
    """Of a body on an average, beyond its first half minute."""


class GuardedProtocol(HttpToolsProtocol):
    """Made by `guarded_by`, which gives it its limits."""

    limits: ConnectionLimits

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """As uvicorn has it."""
        super().connection_made(transport)
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._refusal: Refusal | None = None
        self._unfinished = 0
        self._in_head = self._receiving = False
        self._began = self._latest = 0.0
        self._received = 0
        if len(self.connections) > self.limits.connections:
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, "There are too many connections. Try again later.")
        else:
            self._limit_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_all()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self) -> None:
        """From now on it is another protocol's connection."""
        self._stop_all()
        super().handle_websocket_upgrade()

    def data_received(self, data: bytes) -> None:
        if self._refusal is not None:
            return
        if self._receiving:
            self._latest, self._received = self.loop.time(), self._received + len(data)
        elif "head" not in self._timers and not self._answering():
            self._limit_head()  # also for empty lines, which begin nothing and would stop uvicorn's own timer
        super().data_received(data)
        self._bound_unfinished_head(len(data))

    def _bound_unfinished_head(self, received: int) -> None:
        """The parser tells of a header when all of it is there; until then it would hold any number of bytes."""
        self._unfinished = self._unfinished + received if self._in_head else 0
        if self._unfinished > self.limits.head_bytes and self._refusal is None:
            self._refuse(*self._too_large)

    def _answering(self) -> bool:
        """There is none before the first request, whatever uvicorn's types say."""
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and not cycle.response_complete

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head = True
        self._limit_head()

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._stop("head")
        self._check_size()
        self._check_meaning()
        super().on_headers_complete()
        self._receiving, self._began, self._latest, self._received = True, self.loop.time(), self.loop.time(), 0
        self._set("body", LOOK_SECONDS, self._look_at_sender)

    def on_message_complete(self) -> None:
        self._receiving = False
        self._stop("body")
        super().on_message_complete()
        if "linger" in self._timers:
            self._stop("linger")
            super().on_response_complete()

    def on_response_complete(self) -> None:
        """A rest of the body that comes soon is read, and thrown away; who goes on with a large one is cut off."""
        if self._receiving and not self.transport.is_closing():
            self._set("linger", LINGER_SECONDS, self.transport.close)
            self.flow.resume_reading()
        else:
            super().on_response_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._set("reader", self.limits.pause_seconds, self._drop_reader)

    def resume_writing(self) -> None:
        self._stop("reader")
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's name for uvicorn's words
        """What uvicorn calls for everything that its parser, or one of the methods here, did not accept."""
        if self._refusal is None:
            self._refusal = (HTTPStatus.BAD_REQUEST, "This is no HTTP request that has one meaning.")
        self._refuse(*self._refusal)

    def _check_size(self) -> None:
        limits = self.limits
        if len(self.url) > limits.url_bytes:
            self._raise(HTTPStatus.REQUEST_URI_TOO_LONG, f"The URL may have at most {limits.url_bytes} bytes.")
        if len(self.headers) > limits.headers:
            self._raise(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, f"At most {limits.headers} headers are taken.")
        if len(self.url) + sum(len(name) + len(value) for name, value in self.headers) > limits.head_bytes:
            self._raise(*self._too_large)

    def _check_meaning(self) -> None:
        names = [name for name, _ in self.headers]
        hosts = [value for name, value in self.headers if name == b"host"]
        if len(hosts) != 1 or not HOST.fullmatch(hosts[0]):
            self._raise(HTTPStatus.BAD_REQUEST, "Send exactly one Host header, with a host and at most a port.")
        if not self.url.startswith(b"/"):
            self._raise(HTTPStatus.BAD_REQUEST, "Send a path, not a whole URL.")
        if b"transfer-encoding" in names and (b"content-length" in names or self._transfer_encodings() != [b"chunked"]):
            self._raise(HTTPStatus.BAD_REQUEST, "Send Content-Length, or Transfer-Encoding: chunked, and not both.")
        for name in (b"content-length", b"authorization", b"content-type"):
            if names.count(name) > 1:
                self._raise(HTTPStatus.BAD_REQUEST, f"Send the header {name.decode().title()} once.")

    def _transfer_encodings(self) -> list[bytes]:
        return [value.strip().lower() for name, value in self.headers if name == b"transfer-encoding"]

    @property
    def _too_large(self) -> Refusal:
        detail = f"All headers may have {self.limits.head_bytes} bytes together."
        return HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, detail

    def _raise(self, status: HTTPStatus, detail: str) -> NoReturn:
        """Out of the parser, which makes an error of its own of it, and has it answered by `send_400_response`."""
        self._refusal = (status, detail)
        raise ValueError(detail)

    def _limit_head(self) -> None:
        late = (HTTPStatus.REQUEST_TIMEOUT, "The request's headers did not come in time.")
        self._set("head", self.limits.head_seconds, self._refuse, *late)

    def _look_at_sender(self) -> None:
        """Whom we keep waiting is not slow."""
        now = self.loop.time()
        if self.flow.read_paused:
            self._began, self._latest, self._received = now, now, 0
        slow = now - self._latest > self.limits.pause_seconds
        lasted = now - self._began
        crawling = lasted > self.limits.pause_seconds and self._received < lasted * self.limits.slowest_bytes_a_second
        if slow or crawling:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, "The request's body comes too slowly.")
        else:
            self._set("body", LOOK_SECONDS, self._look_at_sender)

    def _drop_reader(self) -> None:
        log.info("slow_reader_dropped", client=self.client)
        self.transport.abort()

    def _refuse(self, status: HTTPStatus, detail: str) -> None:
        """Straight onto the connection, which ends with it; where an answer is under way already it is only cut off."""
        self._refusal = (status, detail)
        log.info("connection_refused", client=self.client, status=status.value, detail=detail)
        if self.transport.is_closing():
            return
        if not (self._answering() and self.cycle.response_started):
            self.transport.write(_answer(status, detail))
        self.transport.close()

    def _set(self, name: str, seconds: float, then: Any, *given: object) -> None:
        self._stop(name)
        self._timers[name] = self.loop.call_later(seconds, then, *given)

    def _stop_all(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _stop(self, name: str) -> None:
        timer = self._timers.pop(name, None)
        if timer is not None:
            timer.cancel()


def guarded_by(limits: ConnectionLimits) -> type[GuardedProtocol]:
    return type("GuardedProtocol", (GuardedProtocol,), {"limits": limits})


def _answer(status: HTTPStatus, detail: str) -> bytes:
    problem = {"type": "about:blank", "title": status.phrase, "status": status.value, "detail": detail}
    body = json.dumps(problem).encode()
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: application/problem+json\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body
