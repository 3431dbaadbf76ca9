"""The settings of the training-orchestrator beside the shared groups."""

from pathlib import Path
from typing import Any

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
    probe_at_once: int = Field(
        8, ge=1, le=64, description="Recordings in archives whose lengths are measured at the same time."
    )
    unfinished_seconds: float = Field(
        600, gt=0, description="How often versions that were claimed and not finished are asked for again."
    )
    shard_bytes: int = Field(
        256 << 20,
        ge=1,
        description="Of audio, about, in one shard of a version: what one worker makes, and one file that is packed.",
    )
    trigger_seconds: float = Field(
        60, gt=0, description="How often datasets with a trigger are looked at, whether a version is due."
    )


class TrainingSettings(BaseSettings):
    """What may be trained with: nothing but events, until somebody allows it."""

    model_config = group("AI2TEXT_TRAINING_")

    poll_seconds: float = Field(5, gt=0, description="How often runs that have not ended are looked at.")
    gateway_url: str = Field("http://127.0.0.1:8080", description="Where whoever trains reads datasets over REST.")
    images: tuple[str, ...] = Field((), description="JSON: images that Jobs may run, `*` stands for anything.")
    variables: tuple[str, ...] = Field(
        (), description="JSON: names of variables that a definition may set, `*` stands for anything."
    )
    secrets: tuple[str, ...] = Field(
        (), description="JSON: `TENANT/NAME` of Secrets whose fields the tenant's Jobs may have as variables."
    )
    commands: tuple[str, ...] = Field(
        (), description="JSON: programs that may run beside the service; for an embedded stack alone."
    )
    command_dir: Path = Field(Path("training"), description="Where these work, each in a folder that goes afterwards.")
    kubernetes_url: str | None = Field(
        None, description="The API server, in a cluster `https://kubernetes.default.svc`; without it there are no Jobs."
    )
    kubernetes_namespace: str = Field("default", description="Of the Jobs, and of nothing else if possible.")
    kubernetes_token_file: Path | None = Field(
        None, description="The service account's token; read again for each call, for it changes."
    )
    kubernetes_ca_file: Path | None = Field(None, description="Who has signed the API server's certificate.")
    pod: dict[str, Any] = Field(
        {}, description="JSON: laid under the spec of each pod: nodeSelector, tolerations, runtimeClassName and so on."
    )
    gpu_resource: str = Field("nvidia.com/gpu", description="What a GPU is called in the cluster.")
    kept_hours: float = Field(24, gt=0, description="How long the cluster keeps a Job that has ended.")
