"""The settings of the ingestion service beside the shared groups."""

from pathlib import Path

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings

from ai2text.common.contracts.identity import checked_tenant
from ai2text.common.contracts.states import Lane
from ai2text.common.contracts.transcription import TranscriptionOptions
from ai2text.common.errors import Refused
from ai2text.common.settings import group

AUDIO_AND_VIDEO = (
    "wav wave w64 mp3 flac ogg oga opus m4a m4b mp4 m4v mov aac aif aiff aifc caf 3gp 3g2 mka mkv webm ts mpg mpeg "
    "mpga asf wma wmv avi amr au snd wv"
)


class FolderSettings(BaseSettings):
    """The hot folder."""

    model_config = group("AI2TEXT_FOLDER_")

    path: Path = Field(description="The folder that is watched, with its sub-folders.")
    name: str = Field("inbox", pattern="^[a-z0-9][a-z0-9-]*$", description="Its name in sources and durables.")
    tenant: str = Field("default", description="Whose recordings these are.")
    model: str = Field("small", description="The model that transcribes them.")
    lane: Lane = Field(Lane.BULK, description="`bulk` or `interactive`.")
    options: TranscriptionOptions = Field(
        TranscriptionOptions(), description="JSON: how to decode; the fields of TranscriptionOptions."
    )
    tags: tuple[str, ...] = Field((), description="JSON list: tags of every recording from here.")
    extensions: frozenset[str] = Field(
        frozenset(AUDIO_AND_VIDEO.split()),
        description="JSON list: endings of names that are taken, in any case. Default: what says audio or video.",
    )
    quiet_seconds: float = Field(2, gt=0, description="A file is taken when it has not changed for so long.")
    rescan_seconds: float = Field(
        30, gt=0, description="How often the whole folder is compared with what is known: events are only hints."
    )

    @field_validator("tenant")
    @classmethod
    def _is_tenant(cls, value: str) -> str:
        try:
            return checked_tenant(value)
        except Refused as exc:
            raise ValueError(exc.detail) from exc


class IngestionSettings(BaseSettings):
    model_config = group("AI2TEXT_INGESTION_")

    host: str = Field("127.0.0.1", description="Address of the inside API; 0.0.0.0 in a pod.")
    port: int = Field(8082, description="Port of the inside API.")
    state_dir: Path = Field(description="Where the ledger of known files is kept.")
    workers: int = Field(2, ge=1, description="Files hashed, probed and stored at the same time.")
    max_file_bytes: int = Field(20 << 30, gt=0, description="Larger files are refused.")
    max_duration_seconds: float = Field(86_400, gt=0, description="Longer recordings are refused.")


class UploadSettings(BaseSettings):
    """Recordings that come over REST."""

    model_config = group("AI2TEXT_UPLOAD_")

    model: str = Field("small", description="The model, unless the upload names another.")
    max_bytes: int = Field(5 << 30, gt=0, description="Larger uploads are refused with 413, while they are sent.")
    options: TranscriptionOptions = Field(
        TranscriptionOptions(), description="JSON: how to decode; an upload may name its language."
    )
