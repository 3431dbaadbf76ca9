from pathlib import Path

import pytest

from ai2text.cli.write_transcript import Occupied, write_transcript
from ai2text.common.errors import Misconfigured


def test_a_transcript_is_written_with_its_folder_and_everybody_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "a/b/talk.txt"
    write_transcript(path, "words", force=False)
    assert path.read_text() == "words"
    assert path.stat().st_mode & 0o777 == 0o644
    assert list(path.parent.iterdir()) == [path]


def test_the_same_content_again_is_no_conflict(tmp_path: Path) -> None:
    path = tmp_path / "talk.txt"
    write_transcript(path, "words", force=False)
    before = path.stat()
    write_transcript(path, "words", force=False)
    assert path.stat().st_mtime_ns == before.st_mtime_ns


def test_another_file_is_left_alone_unless_it_is_forced(tmp_path: Path) -> None:
    path = tmp_path / "talk.txt"
    path.write_text("my notes")
    with pytest.raises(Occupied, match="stands there already with other content"):
        write_transcript(path, "words", force=False)
    assert path.read_text() == "my notes"
    write_transcript(path, "words", force=True)
    assert path.read_text() == "words"


def test_a_folder_or_a_dangling_link_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "folder.txt").mkdir()
    (tmp_path / "link.txt").symlink_to(tmp_path / "nowhere")
    for name in ("folder.txt", "link.txt"):
        with pytest.raises(Occupied):
            write_transcript(tmp_path / name, "words", force=True)
    assert (tmp_path / "link.txt").is_symlink()


def test_what_cannot_be_written_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Misconfigured, match="cannot be made: "):
        write_transcript(tmp_path / "file/talk.txt", "words", force=False)
