import json
from pathlib import Path

import pytest

from ai2text.common.contracts.reason import Reason
from ai2text.common.sources import AUDIO_AND_VIDEO
from ai2text.ingestion.names import to_name, to_path
from ai2text.ingestion.sidecars import Sidecars, sweep
from tests.fixtures.examples import TRANSCRIPT

REASON = Reason(code="not_audio", detail="This is a text.")


@pytest.fixture
def sidecars(tmp_path: Path) -> Sidecars:
    (tmp_path / "talk.mp3").write_bytes(b"x")
    return Sidecars(tmp_path, frozenset(AUDIO_AND_VIDEO.split()))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_text_and_subtitles_appear_beside_the_recording(sidecars: Sidecars, tmp_path: Path) -> None:
    written = sidecars.write_transcript("talk.mp3", TRANSCRIPT, {})
    assert sorted(written) == ["talk.srt", "talk.txt"]
    assert (tmp_path / "talk.txt").read_text() == "Good morning.\n"
    assert names(tmp_path) == ["talk.mp3", "talk.srt", "talk.txt"]


def test_a_file_of_somebody_else_is_left_and_the_whole_name_is_used(sidecars: Sidecars, tmp_path: Path) -> None:
    (tmp_path / "talk.txt").write_text("mine")
    written = sidecars.write_transcript("talk.mp3", TRANSCRIPT, {})
    assert sorted(written) == ["talk.mp3.txt", "talk.srt"]
    assert (tmp_path / "talk.txt").read_text() == "mine"


def test_when_both_names_are_taken_nothing_is_overwritten(sidecars: Sidecars, tmp_path: Path) -> None:
    for name in ("talk.txt", "talk.mp3.txt"):
        (tmp_path / name).write_text("mine")
    assert list(sidecars.write_transcript("talk.mp3", TRANSCRIPT, {})) == ["talk.srt"]
    assert {(tmp_path / name).read_text() for name in ("talk.txt", "talk.mp3.txt")} == {"mine"}


def test_our_own_sidecar_is_rewritten(sidecars: Sidecars, tmp_path: Path) -> None:
    written = sidecars.write_transcript("talk.mp3", TRANSCRIPT, {})
    (tmp_path / "talk.txt").unlink()
    assert sidecars.write_transcript("talk.mp3", TRANSCRIPT, written) == written
    assert names(tmp_path) == ["talk.mp3", "talk.srt", "talk.txt"]


def test_our_sidecar_that_somebody_edited_is_theirs_now(sidecars: Sidecars, tmp_path: Path) -> None:
    written = sidecars.write_transcript("talk.mp3", TRANSCRIPT, {})
    (tmp_path / "talk.txt").write_text("edited")
    again = sidecars.write_transcript("talk.mp3", TRANSCRIPT, written)
    assert (tmp_path / "talk.txt").read_text() == "edited"
    assert "talk.mp3.txt" in again


def test_after_the_ledger_was_lost_equal_sidecars_are_taken_for_ours(sidecars: Sidecars, tmp_path: Path) -> None:
    written = sidecars.write_transcript("talk.mp3", TRANSCRIPT, {})
    assert sidecars.write_transcript("talk.mp3", TRANSCRIPT, {}) == written
    assert names(tmp_path) == ["talk.mp3", "talk.srt", "talk.txt"]


def test_a_reason_says_which_file_and_why_and_goes_when_the_transcript_comes(
    sidecars: Sidecars, tmp_path: Path
) -> None:
    written = sidecars.write_reason("talk.mp3", REASON)
    beside = json.loads((tmp_path / "talk.mp3.reason.json").read_text())
    assert beside == {"file": "talk.mp3", "code": "not_audio", "detail": "This is a text."}
    sidecars.write_transcript("talk.mp3", TRANSCRIPT, written)
    assert names(tmp_path) == ["talk.mp3", "talk.srt", "talk.txt"]


def test_sidecars_of_a_recording_in_a_sub_folder_lie_there(sidecars: Sidecars, tmp_path: Path) -> None:
    (tmp_path / "a b").mkdir()
    (tmp_path / "a b" / "x.wav").write_bytes(b"x")
    assert sorted(sidecars.write_transcript("a b/x.wav", TRANSCRIPT, {})) == ["a b/x.srt", "a b/x.txt"]


def test_the_formats_that_are_asked_for_are_written(tmp_path: Path) -> None:
    (tmp_path / "talk.mp3").write_bytes(b"x")
    chosen = Sidecars(tmp_path, frozenset(AUDIO_AND_VIDEO.split()), ("vtt", "json"))
    written = chosen.write_transcript("talk.mp3", TRANSCRIPT, {})
    assert sorted(written) == ["talk.json", "talk.vtt"]
    assert (tmp_path / "talk.vtt").read_text().startswith("WEBVTT\n")
    document = json.loads((tmp_path / "talk.json").read_text())
    assert (document["text"], document["language"]) == (TRANSCRIPT.text, TRANSCRIPT.language)
    assert Sidecars(tmp_path, frozenset(), ()).write_transcript("talk.mp3", TRANSCRIPT, {}) == {}


def test_names_that_are_too_long_or_no_utf8_have_sidecars_too(tmp_path: Path) -> None:
    chosen = Sidecars(tmp_path, frozenset(AUDIO_AND_VIDEO.split()))
    for path in ("y" * 252 + ".ts", "\udcff.wav", "deep\udcff/x.wav"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        written = chosen.write_transcript(to_name(path), TRANSCRIPT, {})
        assert len(written) == 2
        assert all((tmp_path / to_path(name)).exists() for name in written)
        assert chosen.write_reason(to_name(path), REASON).keys().isdisjoint(written)


@pytest.mark.lesson("L06")
def test_drafts_of_a_killed_process_are_swept(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    for folder in (tmp_path, tmp_path / "deep"):
        (folder / ".ai2text-abc.tmp").write_text("half")
        (folder / "talk.txt").write_text("whole")
    sweep(tmp_path)
    assert [p.name for p in sorted(tmp_path.rglob("*")) if p.is_file()] == ["talk.txt", "talk.txt"]


def test_what_is_erased_is_what_we_wrote_or_were_about_to_and_nothing_else(sidecars: Sidecars, tmp_path: Path) -> None:
    intended: list[str] = []
    written = sidecars.write_transcript("talk.mp3", TRANSCRIPT, {}, intended.extend)
    assert sorted(intended) == sorted(written.values())
    (tmp_path / "talk.mp3.txt").write_text("somebody else's")
    sidecars.erase("talk.mp3", {}, intended)
    assert names(tmp_path) == ["talk.mp3", "talk.mp3.txt"]
    written |= sidecars.write_reason("talk.mp3", REASON)
    sidecars.erase("talk.mp3", written, ())
    assert names(tmp_path) == ["talk.mp3", "talk.mp3.txt"]


def test_a_sidecar_that_was_edited_is_not_erased(sidecars: Sidecars, tmp_path: Path) -> None:
    written = sidecars.write_transcript("talk.mp3", TRANSCRIPT, {})
    (tmp_path / "talk.txt").write_text("edited")
    sidecars.erase("talk.mp3", written, ())
    assert names(tmp_path) == ["talk.mp3", "talk.txt"]
