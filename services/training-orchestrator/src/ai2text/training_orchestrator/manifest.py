"""Rows as NeMo's readers want them: one JSON object a line, paths relative to the manifest. No I/O here.

`sampling_rate` is left out on purpose: NeMo cuts rows short that have it beside an `offset`.
"""

import json

from ai2text.common.contracts.datasets import TranscribedRecording

MANIFEST = "train_manifest.json"
"""Not `.jsonl`: some of NeMo's entry points would hand that to another parser."""

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


def nemo_line(recording: TranscribedRecording) -> bytes:
    """What NeMo needs, and where the row comes from; NeMo keeps the other fields. `duration` in seconds."""
    row = {
        "audio_filepath": audio_path(recording),
        "duration": recording.duration_seconds,
        "text": recording.text.strip(),
        "lang": recording.language,
        "language": recording.language,
        "recording_id": recording.recording_id,
        "audio_sha256": recording.sha256,
        "transcript_revision": recording.revision,
        "model": recording.model,
    }
    return json.dumps(row, ensure_ascii=False).encode() + b"\n"
