import hashlib
import os
from pathlib import Path

import pytest

from ai2text.common.errors import ObjectChanged, Refused
from ai2text.ingestion.recording import Signature
from ai2text.ingestion.stable_file import StillBeingWritten, opened, sha256_of, signature_of


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "talk.wav"
    file.write_bytes(b"0123456789")
    return file


def seen(path: Path) -> Signature:
    signature = signature_of(path)
    assert signature is not None
    return signature


def test_a_still_file_is_read_whole(path: Path) -> None:
    with opened(path, seen(path)) as file:
        assert sha256_of(file) == hashlib.sha256(b"0123456789").hexdigest()
        assert file.read() == b"0123456789"


def test_a_file_that_changed_before_it_was_opened_is_not_read(path: Path) -> None:
    signature = seen(path)
    path.write_bytes(b"other")
    with pytest.raises(ObjectChanged), opened(path, signature):
        pass


@pytest.mark.lesson("L03")
def test_l03_a_file_that_changes_while_it_is_read_is_noticed(path: Path) -> None:
    with pytest.raises(ObjectChanged), opened(path, seen(path)):
        path.write_bytes(b"0123456789 and more")


def test_a_file_replaced_while_it_is_read_is_noticed_although_size_and_time_agree(path: Path, tmp_path: Path) -> None:
    signature = seen(path)
    other = tmp_path / "other"
    other.write_bytes(b"9876543210")
    os.utime(other, ns=(signature.modified_ns, signature.modified_ns))
    with pytest.raises(ObjectChanged), opened(path, signature):
        other.replace(path)


def test_a_changing_file_is_not_judged_by_what_was_read_of_it(path: Path) -> None:
    with pytest.raises(ObjectChanged), opened(path, seen(path)):
        path.write_bytes(b"x")
        raise Refused("decode_failed", "Judged too early.")


@pytest.mark.lesson("L03")
def test_a_file_that_somebody_still_has_open_for_writing_is_left(path: Path) -> None:
    with path.open("ab"), pytest.raises(StillBeingWritten), opened(path, seen(path)):
        pass


@pytest.mark.lesson("L19")
def test_a_symbolic_link_is_no_recording(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.wav"
    link.symlink_to(path)
    assert signature_of(link) is None
    with pytest.raises(Refused), opened(link, seen(path)):
        pass


def test_a_pipe_is_no_recording_and_does_not_block(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.wav"
    os.mkfifo(pipe)
    assert signature_of(pipe) is None


def test_a_file_that_went_away_has_changed(path: Path) -> None:
    signature = seen(path)
    path.unlink()
    with pytest.raises(ObjectChanged), opened(path, signature):
        pass
