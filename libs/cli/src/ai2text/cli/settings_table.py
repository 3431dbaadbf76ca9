"""The table of settings in docs/operations.md, made from the settings classes: `make docs` writes it."""

import sys
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings

from ai2text.api_gateway.settings import GatewaySettings, JwtSettings
from ai2text.asr.settings import AsrSettings
from ai2text.audio.sandbox import SandboxSettings
from ai2text.common.ask import UploadSettings
from ai2text.common.settings import (
    CallerSettings,
    InsideSettings,
    LogSettings,
    NatsSettings,
    S3Settings,
    variable,
)
from ai2text.common.sources import AUDIO_AND_VIDEO, FolderSettings, SourcesSettings
from ai2text.ingestion.settings import IngestionSettings
from ai2text.metadata.settings import MetadataSettings, PostgresSettings, WebhookSettings
from ai2text.training_orchestrator.settings import OrchestratorSettings, TrainingSettings

BEGIN = "<!-- settings: written by `make docs` -->"
END = "<!-- end of settings -->"
GROUPS: dict[str, list[type[BaseSettings]]] = {
    "every service": [NatsSettings, InsideSettings, LogSettings],
    "ingestion, asr, metadata, training-orchestrator": [S3Settings],
    "api-gateway, ingestion, metadata, training-orchestrator": [CallerSettings],
    "ingestion, asr, training-orchestrator": [SandboxSettings],
    "ingestion, training-orchestrator, the set-up step": [SourcesSettings],
    "ingestion, the set-up step": [FolderSettings],
    "ingestion, metadata": [UploadSettings],
    "ingestion": [IngestionSettings],
    "asr": [AsrSettings],
    "metadata": [MetadataSettings, PostgresSettings, WebhookSettings],
    "training-orchestrator": [OrchestratorSettings, TrainingSettings],
    "api-gateway": [GatewaySettings, JwtSettings],
}


def table() -> str:
    rows = [
        f"| `{variable(str(group.model_config['env_prefix']), (name,))}` | {readers} | {_default(field)} "
        f"| {field.description} |"
        for readers, groups in GROUPS.items()
        for group in groups
        for name, field in group.model_fields.items()
    ]
    return "\n".join(["| variable | read by | default | meaning |", "|---|---|---|---|", *rows])


def with_table(document: str) -> str:
    """`document` with the table between its two marks."""
    before, _, rest = document.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "**required**"
    value: Any = field.get_default(call_default_factory=True, validated_data={})
    if value in (None, (), {}, PydanticUndefined):
        return "none"
    if value == frozenset(AUDIO_AND_VIDEO.split()):
        return "audio and video"
    shown = list(value) if isinstance(value, tuple) else value
    return "Whisper's" if "TranscriptionOptions" in repr(shown) else f"`{shown}`"


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(with_table(path.read_text()))
