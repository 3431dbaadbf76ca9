from pathlib import Path

import pytest

from ai2text.cli.output_names import distinct, output_names


def names(*files: str) -> dict[str, str]:
    return {str(file): str(name) for file, name in output_names([Path(file) for file in files], "txt").items()}


def test_a_transcript_has_the_stem_of_its_recording() -> None:
    assert names("a/talk.mp3", "b/song.wav") == {"a/talk.mp3": "talk.txt", "b/song.wav": "song.txt"}


def test_recordings_that_share_a_stem_keep_their_whole_names() -> None:
    assert names("a/talk.mp3", "b/talk.wav", "song.wav") == {
        "a/talk.mp3": "talk.mp3.txt",
        "b/talk.wav": "talk.wav.txt",
        "song.wav": "song.txt",
    }


def test_recordings_of_one_name_keep_the_folders_below_the_one_that_they_share() -> None:
    assert names("x/a/talk.wav", "x/b/talk.wav", "x/b/c/song.wav", "x/b/talk.mp3") == {
        "x/a/talk.wav": "a/talk.txt",
        "x/b/talk.wav": "b/talk.wav.txt",
        "x/b/c/song.wav": "b/c/song.txt",
        "x/b/talk.mp3": "b/talk.mp3.txt",
    }


def test_a_short_name_is_never_the_whole_name_of_another() -> None:
    found = names("talk.mp3", "talk.wav", "talk.mp3.wav")
    assert found["talk.mp3"] == "talk.mp3.txt"
    assert found["talk.mp3.wav"] == "talk.mp3.wav.txt"


@pytest.mark.lesson("L19")
def test_l19_names_never_leave_the_folder() -> None:
    for name in names("../../etc/talk.wav", "/etc/talk.wav", "a/../talk.wav").values():
        assert not Path(name).is_absolute()
        assert ".." not in Path(name).parts


def test_a_file_that_is_named_twice_counts_once() -> None:
    files = [Path("a/talk.wav"), Path("song.wav"), Path("a/../a/talk.wav"), Path("./a/talk.wav")]
    assert distinct(files) == [Path("a/talk.wav"), Path("song.wav")]
