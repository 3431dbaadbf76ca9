"""The settings of the asr service beside the shared groups."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings

from ai2text.common.settings import group


class AsrSettings(BaseSettings):
    model_config = group("AI2TEXT_ASR_")

    model: str = Field(
        "small", description="Loaded at the start: a name of the model hub, a local folder, or s3://bucket/prefix."
    )
    model_paths: dict[str, str] = Field(
        default_factory=dict,
        description="JSON: names of models and what they stand for: a folder, s3://bucket/prefix, org/repo@revision.",
    )
    model_cache: Path = Field(
        Path("~/.cache/ai2text/models"), description="Where downloaded models lie; several workers may share it."
    )
    model_memory_bytes: int | None = Field(
        None, gt=0, description="Of all loaded models together; without it half of the device's or the host's memory."
    )
    device: str = Field("auto", pattern="^(auto|cpu|cuda)$", description="Where to compute; auto takes a GPU if any.")
    device_index: int = Field(0, ge=0, description="Which GPU, counted from 0; a process works on one.")
    compute_type: str | None = Field(
        None, description="CTranslate2's number format; without it float16 on a GPU and int8 on a CPU."
    )
    cpu_threads: int = Field(
        0, ge=0, description="Threads of one batch on a CPU; 0 takes half the cores, at most four."
    )
    bulk_jobs: int = Field(12, ge=1, description="Recordings of the bulk lane under way at the same time.")
    bulk_audio_seconds: float = Field(
        1800, gt=0, description="Audio of the bulk lane under way, at which no more is taken."
    )
    interactive_jobs: int = Field(4, ge=1, description="Recordings of the interactive lane under way, beside those.")
