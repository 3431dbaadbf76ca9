"""The settings of the ingestion service beside the shared groups."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings

from ai2text.common.settings import group


class IngestionSettings(BaseSettings):
    model_config = group("AI2TEXT_INGESTION_")

    host: str = Field("127.0.0.1", description="Address of the inside API; 0.0.0.0 in a pod.")
    port: int = Field(8082, description="Port of the inside API.")
    state_dir: Path = Field(description="Where the ledger of known files is kept.")
    workers: int = Field(4, ge=1, description="Files hashed, probed and stored at the same time.")
    metadata_url: str = Field(
        "http://127.0.0.1:8081", description="The metadata service, which knows what people corrected."
    )
    connect_timeout_seconds: float = Field(2, gt=0, description="For a connection to it.")
    read_timeout_seconds: float = Field(30, gt=0, description="For its next bytes.")
    max_file_bytes: int = Field(20 << 30, gt=0, description="Larger files are refused.")
    max_duration_seconds: float = Field(86_400, gt=0, description="Longer recordings are refused.")
