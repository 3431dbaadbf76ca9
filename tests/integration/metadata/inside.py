"""The inside API of a catalogue, asked as the gateway would."""

from collections.abc import Mapping
from typing import Any

import httpx

from ai2text.common.ask import UploadSettings
from ai2text.common.clock import utc_now
from ai2text.common.contracts.transcription import TranscriptionOptions
from ai2text.common.jetstream import Broker
from ai2text.common.object_store import ObjectStore
from ai2text.common.presence import Presence
from ai2text.metadata.command_models import CommandModels
from ai2text.metadata.http_api import build_app
from ai2text.metadata.postgres.pool import Database
from ai2text.metadata.queues import Queues
from ai2text.metadata.report_status import ReportStatus
from ai2text.metadata.webhook_targets import Targets
from tests.fixtures.inside import KEY, ask

DEFAULTS = UploadSettings(model="small", options=TranscriptionOptions(beam_size=3))


class Inside:
    def __init__(self, database: Database, store: ObjectStore, broker: Broker) -> None:
        queues, presence = Queues(broker), Presence()
        report, models = ReportStatus(database, queues, presence, utc_now), CommandModels(broker, presence)
        self._app = build_app(database, store, queues, report, models, DEFAULTS, Targets(()), KEY)

    async def ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        tenant: str = "default",
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        return await ask(self._app, method, path, tenant, json=body, more_headers=headers)
