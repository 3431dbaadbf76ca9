"""The catalogue's snapshot, read from the metadata service row by row."""

from collections.abc import AsyncGenerator, AsyncIterator
from http import HTTPStatus

import httpx

from ai2text.common.contracts.codec import decode
from ai2text.common.contracts.datasets import SnapshotSize, TranscribedRecording
from ai2text.common.inside_client import ServiceUnavailable, asking, inside_client, signed
from ai2text.training_orchestrator.settings import OrchestratorSettings

SUBJECT = "training-orchestrator"


class Catalogue:
    """`client` is a `metadata_client`."""

    def __init__(self, client: httpx.AsyncClient, caller_key: str) -> None:
        self._client = client
        self._caller_key = caller_key

    async def transcribed(
        self, tenant: str, request_id: str, words_longer_than: float | None = None
    ) -> AsyncGenerator[TranscribedRecording, None]:
        """All of one moment, in the order of their ids. Raises ServiceUnavailable, also after some rows.

        Segments of more than `words_longer_than` seconds bring their words.
        """
        headers = signed(SUBJECT, tenant, request_id, self._caller_key)
        query = {} if words_longer_than is None else {"words_longer_than": words_longer_than}
        with asking("metadata"):
            async with self._client.stream("GET", "/v1/snapshot", params=query, headers=headers) as answer:
                if answer.status_code != HTTPStatus.OK:
                    raise ServiceUnavailable(f"The metadata service answered {answer.status_code}.")
                async for line in _lines(answer.aiter_bytes()):
                    yield decode(TranscribedRecording, line)

    async def size(self, tenant: str, request_id: str) -> SnapshotSize:
        """Of this moment. Raises ServiceUnavailable."""
        headers = signed(SUBJECT, tenant, request_id, self._caller_key)
        with asking("metadata"):
            answer = await self._client.get("/v1/snapshot/size", headers=headers)
        if answer.status_code != HTTPStatus.OK:
            raise ServiceUnavailable(f"The metadata service answered {answer.status_code}.")
        return decode(SnapshotSize, answer.content)


def metadata_client(settings: OrchestratorSettings) -> httpx.AsyncClient:
    return inside_client(
        settings.metadata_url,
        connect_seconds=settings.connect_timeout_seconds,
        read_seconds=settings.read_timeout_seconds,
    )


async def _lines(blocks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Split at line feeds only: httpx's own lines also end at U+2028 and its like, which texts may hold."""
    rest = b""
    async for block in blocks:
        *lines, rest = (rest + block).split(b"\n")
        for line in lines:
            yield line
