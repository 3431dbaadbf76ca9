from pathlib import Path

import pytest

from ai2text.audio.source import FileSource
from ai2text.common.errors import ObjectChanged


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "recording.wav"
    path.write_bytes(bytes(range(100)))
    return path


def test_reads_by_position_and_leaves_the_cursor_alone(recording: Path) -> None:
    with recording.open("rb") as file:
        file.seek(50)
        source = FileSource(file)
        assert source.size_bytes == 100
        assert source.read(10, 5) == bytes(range(10, 15))
        assert file.tell() == 50


@pytest.mark.parametrize(("offset", "length", "expected"), [(95, 10, 5), (100, 10, 0), (200, 10, 0), (0, 0, 0)])
def test_is_short_only_at_the_end(recording: Path, offset: int, length: int, expected: int) -> None:
    with recording.open("rb") as file:
        assert len(FileSource(file).read(offset, length)) == expected


def test_reads_what_was_opened_whatever_becomes_of_the_name(recording: Path) -> None:
    with recording.open("rb") as file:
        source = FileSource(file)
        recording.unlink()
        assert source.read(0, 3) == b"\x00\x01\x02"


@pytest.mark.lesson("L03")
def test_a_file_that_became_shorter_has_changed(recording: Path) -> None:
    with recording.open("rb") as file:
        source = FileSource(file)
        recording.write_bytes(b"short")
        with pytest.raises(ObjectChanged):
            source.read(0, 100)
