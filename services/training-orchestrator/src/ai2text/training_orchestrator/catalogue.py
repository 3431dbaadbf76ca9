"""The catalogue's snapshot, read from the metadata service row by row."""

from collections.abc import AsyncGenerator, AsyncIterator
from http import HTTPStatus

import httpx

from ai2text.common import caller_token
from ai2text.common.clock import utc_now
from ai2text.common.contracts.codec import decode
from ai2text.common.contracts.datasets import TranscribedRecording
from ai2text.common.contracts.inside import Caller, Scope
from ai2text.common.errors import Unavailable
from ai2text.training_orchestrator.settings import OrchestratorSettings

SUBJECT = "training-orchestrator"


class CatalogueUnavailable(Unavailable):
    """The metadata service did not answer, or broke off in the middle of its snapshot."""


class Catalogue:
    """`client` is a `metadata_client`."""

    def __init__(self, client: httpx.AsyncClient, caller_key: str) -> None:
        self._client = client
        self._caller_key = caller_key

    async def transcribed(self, tenant: str, request_id: str) -> AsyncGenerator[TranscribedRecording, None]:
        """All of one moment, in the order of their ids. Raises CatalogueUnavailable, also after some rows."""
        caller = Caller(
            tenant=tenant, subject=SUBJECT, scopes=frozenset({Scope.RECORDINGS_READ}), request_id=request_id
        )
        headers = {caller_token.HEADER: caller_token.sign(caller, self._caller_key, utc_now)}
        try:
            async with self._client.stream("GET", "/v1/snapshot", headers=headers) as answer:
                if answer.status_code != HTTPStatus.OK:
                    raise CatalogueUnavailable(f"The metadata service answered {answer.status_code}.")
                async for line in _lines(answer.aiter_bytes()):
                    yield decode(TranscribedRecording, line)
        except httpx.TransportError as exc:
            raise CatalogueUnavailable(f"The metadata service does not answer: {exc!r}") from exc


def metadata_client(settings: OrchestratorSettings) -> httpx.AsyncClient:
    timeout = httpx.Timeout(settings.read_timeout_seconds, connect=settings.connect_timeout_seconds)
    return httpx.AsyncClient(base_url=settings.metadata_url, timeout=timeout, trust_env=False, follow_redirects=False)


async def _lines(blocks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Split at line feeds only: httpx's own lines also end at U+2028 and its like, which texts may hold."""
    rest = b""
    async for block in blocks:
        *lines, rest = (rest + block).split(b"\n")
        for line in lines:
            yield line
