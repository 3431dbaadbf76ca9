import hashlib
from pathlib import Path
from typing import Any

import httpx
import pytest

from ai2text.cli.client import AnsweredWithError
from ai2text.cli.download import fetch, plan
from ai2text.common.errors import Misconfigured

CONTENT = b"rows"


def announced(path: str, content: bytes = CONTENT) -> dict[str, Any]:
    return {"path": path, "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}


def server(content: bytes, status: int = 200) -> httpx.Client:
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/v1/datasets/calls/versions/1/files/audio/a b.flac"
        return httpx.Response(status, content=content)

    return httpx.Client(transport=httpx.MockTransport(answer), base_url="http://gateway")


def download(client: httpx.Client, folder: Path) -> None:
    with client:
        for wanted in plan([announced("audio/a b.flac")], folder):
            fetch(client, "/v1/datasets/calls/versions/1", wanted, lambda _: None)


def test_a_file_is_copied_below_the_folder_and_not_again(tmp_path: Path) -> None:
    download(server(CONTENT), tmp_path)
    assert (tmp_path / "audio/a b.flac").read_bytes() == CONTENT
    assert plan([announced("audio/a b.flac")], tmp_path) == []


def test_other_bytes_than_announced_leave_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(AnsweredWithError, match="other bytes than announced"):
        download(server(b"else"), tmp_path)
    assert list((tmp_path / "audio").iterdir()) == []


def test_an_error_instead_of_a_file_is_told_in_its_own_words(tmp_path: Path) -> None:
    with pytest.raises(AnsweredWithError, match="There is no such file"):
        download(server(b'{"detail": "There is no such file."}', 404), tmp_path)
    assert list((tmp_path / "audio").iterdir()) == []


@pytest.mark.lesson("L19")
@pytest.mark.parametrize("path", ["../x", "a/../../x", "/etc/passwd", "", ".", "a/..", "out/x", "a\0b", "./../x"])
def test_l19_a_path_from_the_server_never_leaves_the_folder(tmp_path: Path, path: str) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "out").symlink_to(tmp_path)
    with pytest.raises(AnsweredWithError, match="nothing is taken"):
        plan([announced("fine"), announced(path)], folder)
    assert [found.name for found in folder.iterdir()] == ["out"]


def test_a_file_of_somebody_else_stops_everything_before_it_begins(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("mine")
    with pytest.raises(Misconfigured, match=r"manifest\.json is another file already"):
        plan([announced("a"), announced("manifest.json")], tmp_path)
