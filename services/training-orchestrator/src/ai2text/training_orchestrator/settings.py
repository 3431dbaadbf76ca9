"""The settings of the training-orchestrator beside the shared groups."""

from pydantic import Field
from pydantic_settings import BaseSettings

from ai2text.common.settings import group


class OrchestratorSettings(BaseSettings):
    model_config = group("AI2TEXT_ORCHESTRATOR_")

    host: str = Field("127.0.0.1", description="Address of the inside API; 0.0.0.0 in a pod.")
    port: int = Field(8083, description="Port of the inside API.")
    metadata_url: str = Field("http://127.0.0.1:8081", description="The metadata service, which knows the catalogue.")
    connect_timeout_seconds: float = Field(2, gt=0, description="For a connection to it.")
    read_timeout_seconds: float = Field(60, gt=0, description="For the next rows of its snapshot.")
    unfinished_seconds: float = Field(
        600, gt=0, description="How often versions that were claimed and not finished are asked for again."
    )
    shard_bytes: int = Field(
        256 << 20,
        ge=1,
        description="Of audio, about, in one shard of a version: what one worker makes, and one file that is packed.",
    )
