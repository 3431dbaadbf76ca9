"""The small files of a data directory: the lock, the announcement of the running stack, the samples."""

import os
from pathlib import Path

import pytest

from ai2text.cli import run_file, samples
from ai2text.cli.files import write_atomically
from ai2text.cli.lock import sole_owner
from ai2text.common.errors import Misconfigured


def test_a_second_owner_is_refused_and_the_lock_goes_with_the_first(tmp_path: Path) -> None:
    refused = pytest.raises(Misconfigured, match=r"A stack is running in .* already")
    with sole_owner(tmp_path), refused, sole_owner(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []
    with sole_owner(tmp_path):
        pass


def test_a_lock_file_without_owner_does_not_matter(tmp_path: Path) -> None:
    (tmp_path / "lock").touch()
    with sole_owner(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_the_running_stack_is_found_and_gone_afterwards(tmp_path: Path) -> None:
    with run_file.announced(tmp_path, "http://127.0.0.1:8080"):
        assert run_file.url_of_running(tmp_path) == "http://127.0.0.1:8080"
        assert (tmp_path / "run.json").stat().st_mode & 0o777 == 0o600
    with pytest.raises(Misconfigured, match=r"No stack is running in .*: start one with `ai2text up`"):
        run_file.url_of_running(tmp_path)


def test_a_stack_that_was_killed_does_not_run(tmp_path: Path) -> None:
    dead = os.fork()
    if dead == 0:
        os._exit(0)
    os.waitpid(dead, 0)
    (tmp_path / "run.json").write_text(f'{{"pid": {dead}, "url": "http://127.0.0.1:8080"}}')
    with pytest.raises(Misconfigured, match="No stack is running"):
        run_file.url_of_running(tmp_path)


def test_samples_come_once_and_stay_deleted(tmp_path: Path) -> None:
    data, inbox = tmp_path / "data", tmp_path / "inbox"
    data.mkdir()
    samples.copy_once(data, inbox)
    copied = sorted(path.name for path in (inbox / "samples").iterdir())
    assert len(copied) == 18
    assert not [name for name in copied if name.startswith(".")]
    (inbox / "samples/noise.wav").unlink()
    samples.copy_once(data, inbox)
    assert not (inbox / "samples/noise.wav").exists()


def test_a_file_is_replaced_whole_and_read_only_by_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "ports.json"
    path.write_text("old")
    path.chmod(0o644)
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]
