import pytest

from ai2text.common.sources import AUDIO_AND_VIDEO
from ai2text.ingestion import recording

EXTENSIONS = frozenset(AUDIO_AND_VIDEO.split())


@pytest.mark.parametrize("name", ["talk.mp3", "TALK.WAV", "a.b.flac", "film.MKV", "x.opus", "ä ö.m4a"])
def test_names_that_say_audio_or_video_are_taken_in_any_case(name: str) -> None:
    assert recording.is_taken(name, EXTENSIONS)


@pytest.mark.parametrize(
    "name",
    ["talk.txt", "talk.srt", "talk.mp3.txt", "talk.mp3.reason.json", "README", "wav", "playlist.m3u8", "cover.jpg"],
)
def test_other_names_our_own_sidecars_included_are_left_alone(name: str) -> None:
    assert not recording.is_taken(name, EXTENSIONS)


@pytest.mark.lesson("L03")
@pytest.mark.parametrize("name", [".talk.wav", "talk.wav.part", "talk.wav.crdownload", "talk.tmp", "talk.wav~"])
def test_names_under_which_others_write_what_is_not_finished_are_left_alone(name: str) -> None:
    assert not recording.is_taken(name, EXTENSIONS)


def test_a_sidecar_takes_the_stem_when_it_is_free() -> None:
    names = recording.sidecar_names("talk.mp3", "txt", ["talk.mp3", "other.mp3", "notes.md"], EXTENSIONS)
    assert names == ("talk.txt", "talk.mp3.txt")


def test_recordings_that_share_a_stem_get_sidecars_with_their_whole_names() -> None:
    names = recording.sidecar_names("talk.mp3", "txt", ["talk.mp3", "talk.WAV"], EXTENSIONS)
    assert names == ("talk.mp3.txt",)


def test_a_sidecar_beside_it_does_not_share_the_stem() -> None:
    names = recording.sidecar_names("talk.mp3", "srt", ["talk.mp3", "talk.txt"], EXTENSIONS)
    assert names == ("talk.srt", "talk.mp3.srt")
