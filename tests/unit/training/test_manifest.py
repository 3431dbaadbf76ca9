"""Rows of a manifest, and which recordings become rows."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from ai2text.common.contracts.datasets import TranscribedRecording
from ai2text.common.contracts.states import ReviewStatus
from ai2text.common.errors import Refused
from ai2text.training_orchestrator.dataset import Amount, checked_name
from ai2text.training_orchestrator.manifest import audio_path, nemo_line
from ai2text.training_orchestrator.selection import Tally, left_out_by

RECORDING = TranscribedRecording(
    recording_id="0c5cf5a4-6e53-5a3a-9a3f-6f0f9e6f6a01",
    sha256="ab" * 32,
    size_bytes=98_480,
    audio_key="default/audio/" + "ab" * 32,
    container="mov,mp4,m4a,3gp,3g2,mj2",
    duration_seconds=3.0761250000000002,
    review=ReviewStatus.UNREVIEWED,
    revision=2,
    model="small",
    language="de",
    text=' Grüß Gott,\u2028"Welt".\n',
)


def test_a_row_is_one_line_with_what_nemo_needs_and_where_it_comes_from() -> None:
    line = nemo_line(RECORDING)
    assert line.count(b"\n") == 1
    assert json.loads(line) == {
        "audio_filepath": f"audio/{'ab' * 32}.m4a",
        "duration": 3.0761250000000002,
        "text": 'Grüß Gott,\u2028"Welt".',
        "lang": "de",
        "language": "de",
        "recording_id": RECORDING.recording_id,
        "audio_sha256": RECORDING.sha256,
        "transcript_revision": 2,
        "model": "small",
    }


@pytest.mark.parametrize(
    ("container", "extension"), [("wav", "wav"), ("flac", "flac"), ("matroska,webm", "mka"), ("ogg", "ogg")]
)
def test_a_row_names_its_audio_by_content_with_the_extension_of_its_container(container: str, extension: str) -> None:
    path = audio_path(replace(RECORDING, container=container))
    assert path == f"audio/{RECORDING.sha256}.{extension}"
    assert not Path(path).is_absolute()


@pytest.mark.lesson("L20")
def test_l20_what_has_no_text_or_was_excluded_is_left_out_and_counted_and_nothing_at_all_is_a_report_too() -> None:
    tally = Tally()
    assert tally.report().rows == 0
    for recording in (
        RECORDING,
        replace(RECORDING, text=" \n"),
        replace(RECORDING, text="", duration_seconds=0.0),
        replace(RECORDING, review=ReviewStatus.EXCLUDED),
    ):
        tally.count(recording, left_out_by(recording))
    report = tally.report()
    assert (report.rows, report.duration_seconds) == (1, 3.076)
    assert report.left_out == {
        "excluded_in_review": Amount(rows=1, duration_seconds=3.076),
        "no_text": Amount(rows=2, duration_seconds=3.076),
    }


@pytest.mark.lesson("L19")
@pytest.mark.parametrize("name", ["", "../x", "a/b", "A", ".hidden", "x" * 65, "a b", "name@3", "ü"])
def test_l19_a_name_that_could_be_a_path_is_refused(name: str) -> None:
    with pytest.raises(Refused, match="use 1 to 64"):
        checked_name(name)


@pytest.mark.parametrize("name", ["a", "broadcast-2026_v1.5", "0"])
def test_an_ordinary_name_is_taken(name: str) -> None:
    assert checked_name(name) == name
