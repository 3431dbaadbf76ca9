"""What people see of a recording that they have corrected, asked of the metadata service."""

from http import HTTPStatus
from uuid import uuid4

import httpx

from ai2text.common.contracts.codec import decode
from ai2text.common.inside_client import ServiceUnavailable, asking, inside_client, signed
from ai2text.ingestion.corrected import Corrected
from ai2text.ingestion.settings import IngestionSettings

SUBJECT = "ingestion"


class Catalogue:
    """`client` is a `metadata_client`."""

    def __init__(self, client: httpx.AsyncClient, caller_key: str) -> None:
        self._client = client
        self._caller_key = caller_key

    async def transcript(self, tenant: str, recording_id: str) -> Corrected:
        """As it is now. Raises ServiceUnavailable, also while the catalogue does not know the recording (again)."""
        headers = signed(SUBJECT, tenant, uuid4().hex, self._caller_key)
        with asking("metadata"):
            answer = await self._client.get(f"/v1/recordings/{recording_id}/transcript", headers=headers)
        if answer.status_code != HTTPStatus.OK:
            raise ServiceUnavailable(f"The metadata service answered {answer.status_code} for {recording_id}.")
        return decode(Corrected, answer.content)


def metadata_client(settings: IngestionSettings) -> httpx.AsyncClient:
    return inside_client(
        settings.metadata_url,
        connect_seconds=settings.connect_timeout_seconds,
        read_seconds=settings.read_timeout_seconds,
    )
