"""WebSockets as the gateway keeps them: small messages from outside, and no reader who makes no room."""

import asyncio

import structlog
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

log = structlog.get_logger()


class GuardedSocket(WebSocketsSansIOProtocol):
    """uvicorn's own pings find out who is gone, and wait for ever for what cannot be sent."""

    pause_seconds = 30.0
    _reader: asyncio.TimerHandle | None = None

    def pause_writing(self) -> None:
        super().pause_writing()
        self._reader = self.loop.call_later(self.pause_seconds, self._drop_reader)

    def resume_writing(self) -> None:
        self._stop_waiting()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def _stop_waiting(self) -> None:
        if self._reader is not None:
            self._reader.cancel()
            self._reader = None

    def _drop_reader(self) -> None:
        log.info("slow_reader_dropped", client=self.client)
        self.transport.abort()
