"""Rows of a NeMo manifest."""

import json
from pathlib import Path

import pytest

from ai2text.common.contracts.definition import Definition, Segmentation
from ai2text.training_orchestrator.audio_paths import audio_path
from ai2text.training_orchestrator.formats import nemo
from ai2text.training_orchestrator.rows import rows_of
from tests.fixtures.transcribed import transcribed

RECORDING = transcribed(
    "a",
    [(0.5, 2.5, ' Grüß Gott,\u2028"Welt".\n', "Ada")],
    container="mov,mp4,m4a,3gp,3g2,mj2",
    duration_seconds=3.0761250000000002,
    language="de",
)


def test_a_row_is_one_line_with_what_nemo_needs_and_where_it_comes_from() -> None:
    (line,) = nemo.lines(rows_of(RECORDING, Definition(name="x")))
    assert line.count(b"\n") == 1
    assert json.loads(line) == {
        "audio_filepath": f"audio/{RECORDING.sha256}.m4a",
        "duration": 3.0761250000000002,
        "text": 'Grüß Gott,\u2028"Welt".',
        "lang": "de",
        "language": "de",
        "speaker": "Ada",
        "row_id": RECORDING.recording_id,
        "recording_id": RECORDING.recording_id,
        "audio_sha256": RECORDING.sha256,
        "transcript_revision": 1,
        "model": "small",
    }


def test_a_stretch_of_a_longer_file_has_an_offset_and_no_sampling_rate() -> None:
    (line,) = nemo.lines(rows_of(RECORDING, Definition(name="x", segmentation=Segmentation.SEGMENTS)))
    found = json.loads(line)
    assert (found["offset"], found["duration"]) == (0.5, 2.0)
    assert {"sampling_rate", "sample_rate"}.isdisjoint(found)


@pytest.mark.parametrize(
    ("container", "extension"), [("wav", "wav"), ("flac", "flac"), ("matroska,webm", "mka"), ("ogg", "ogg")]
)
def test_a_row_names_its_audio_by_content_with_the_extension_of_its_container(container: str, extension: str) -> None:
    recording = transcribed("a", container=container)
    path = audio_path(recording)
    assert path == f"audio/{recording.sha256}.{extension}"
    assert not Path(path).is_absolute()
