from pathlib import Path

import pytest

from ai2text.ingestion.file_system import has_events, identity_of, rename_new

MOUNTS = """\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:26 / /mnt/share rw shared:2 - nfs4 server:/export rw
31 30 0:27 / /mnt/share/local rw - ext4 /dev/vdb rw
32 22 0:28 / /mnt/with\\040space rw - cifs //server/x rw
33 22 0:29 / /mnt/ssh rw - fuse.sshfs me@there: rw
34 22 0:30 / /mnt/host rw - 9p host rw
35 22 0:31 / /mnt/old rw - smb3 //server/y rw
"""


@pytest.mark.lesson("L04")
@pytest.mark.parametrize(
    ("path", "events"),
    [
        ("/srv/inbox", True),
        ("/mnt/shared", True),
        ("/mnt/share/a/b", False),
        ("/mnt/share", False),
        ("/mnt/share/local/in", True),
        ("/mnt/with space/x", False),
        ("/mnt/ssh", False),
        ("/mnt/host/x", False),
        ("/mnt/old", False),
    ],
)
def test_l04_a_file_system_that_tells_nobody_of_changes_is_known_by_its_type(path: str, events: bool) -> None:  # noqa: FBT001
    assert has_events(Path(path), MOUNTS) == events


def test_a_rename_to_a_new_name_moves_the_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    rename_new(tmp_path / "a", tmp_path / "b")
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


@pytest.mark.lesson("L13")
def test_l13_a_rename_replaces_nothing(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text(name)
    with pytest.raises(FileExistsError):
        rename_new(tmp_path / "a", tmp_path / "b")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a": "a", "b": "b"}


def test_a_rename_of_nothing_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        rename_new(tmp_path / "a", tmp_path / "b")
    assert list(tmp_path.iterdir()) == []


def test_a_directory_made_anew_is_another_one(tmp_path: Path) -> None:
    place = tmp_path / "in"
    assert identity_of(place) is None
    place.mkdir()
    first = identity_of(place)
    assert first == identity_of(place)
    place.rename(tmp_path / "away")
    place.mkdir()
    assert identity_of(place) != first
