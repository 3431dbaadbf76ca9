from pathlib import Path
from typing import Any

import pytest

from ai2text.common.errors import Misconfigured
from ai2text.common.sources import Disposition, Folder
from ai2text.ingestion.folder_files import FolderFiles


def files(**options: Any) -> FolderFiles:
    return FolderFiles(Folder(path=Path("/in"), **options))


def taken(chosen: FolderFiles, path: str) -> bool:
    return chosen.reaches(path) and chosen.takes(path)


def test_without_patterns_every_recording_is_taken() -> None:
    assert taken(files(), "a/b/c.wav")
    assert not taken(files(), "a/b/c.txt")


def test_only_what_is_included_is_taken() -> None:
    chosen = files(include=("calls/**", "*.flac"))
    assert [taken(chosen, path) for path in ("calls/a/x.wav", "x.flac", "deep/x.flac", "x.wav")] == [
        True,
        True,
        True,
        False,
    ]


def test_what_is_excluded_is_left_alone_and_the_last_pattern_counts() -> None:
    chosen = files(exclude=("tests/", "*.mp3", "!keep.mp3"))
    assert [taken(chosen, path) for path in ("tests/x.wav", "a/tests/x.wav", "x.mp3", "keep.mp3", "x.wav")] == [
        False,
        False,
        False,
        True,
        True,
    ]


def test_without_recursion_sub_folders_do_not_count() -> None:
    assert taken(files(recursive=False), "x.wav")
    assert not taken(files(recursive=False), "a/x.wav")


@pytest.mark.lesson("L03")
def test_hidden_folders_are_where_others_put_what_is_not_finished() -> None:
    assert not taken(files(), ".rsync-partial/x.wav")
    assert not taken(files(), "a/.stfolder/b/x.wav")


def test_done_and_rejected_are_left_alone_where_files_are_moved_there_only() -> None:
    moving = files(disposition=Disposition.MOVE)
    assert not taken(moving, "done/x.wav")
    assert not taken(moving, "rejected/deep/x.wav")
    assert taken(moving, "calls/done/x.wav")
    assert taken(files(), "done/x.wav")


def test_names_that_are_no_utf8_are_matched_too() -> None:
    assert taken(files(exclude=("x*",)), "\udcff.wav")
    assert not taken(files(exclude=("x*",)), "x\udcff.wav")


def test_a_pattern_that_makes_no_sense_is_refused_with_the_folder_and_the_field() -> None:
    with pytest.raises(Misconfigured, match="Folder 'inbox': exclude: "):
        files(exclude=("!",))
