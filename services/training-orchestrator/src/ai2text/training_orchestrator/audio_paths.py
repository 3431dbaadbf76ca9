"""What the audio of a recording is called in a version. No I/O here."""

from ai2text.common.contracts.datasets import TranscribedRecording

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
    """Named by content: what the source was called is no path here."""
    return f"audio/{recording.sha256}.{EXTENSIONS.get(recording.container, recording.container)}"
