"""What audio is called in a version. No I/O here."""

from ai2text.common.contracts.datasets import TranscribedRecording
from ai2text.common.contracts.definition import Codec

EXTENSIONS = {
    "mov,mp4,m4a,3gp,3g2,mj2": "m4a",
    "matroska,webm": "mka",
    "mpegts": "ts",
    "mpeg": "mpg",
    "asf": "wma",
    "amrnb": "amr",
    "amrwb": "amr",
}
"""By FFmpeg's name of the container, where that is no extension itself; readers go by the name."""


def audio_path(recording: TranscribedRecording) -> str:
    return source_path(recording.sha256, extension(recording))


def source_path(sha256: str, extension: str) -> str:
    """Named by content: what the source was called is no path here."""
    return f"audio/{sha256}.{extension}"


def extension(recording: TranscribedRecording) -> str:
    return EXTENSIONS.get(recording.container, recording.container)


def own_path(recording_id: str, row_id: str, codec: Codec) -> str:
    """Of a row that has a file of its own; those of one recording lie in a folder."""
    span = row_id.removeprefix(recording_id).removeprefix("-")
    return f"audio/{recording_id}/{span}.{codec}" if span else f"audio/{recording_id}.{codec}"
