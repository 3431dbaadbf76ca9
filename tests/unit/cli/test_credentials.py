import json
from pathlib import Path

import pytest

from ai2text.cli import credentials


def test_they_are_made_once_and_only_their_owner_may_read_them(tmp_path: Path) -> None:
    first = credentials.make_or_load(tmp_path)
    assert credentials.make_or_load(tmp_path) == first
    assert credentials.path_in(tmp_path).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["credentials.json"]


def test_two_stacks_share_no_secret(tmp_path: Path) -> None:
    stacks = [tmp_path / "one", tmp_path / "two"]
    for stack in stacks:
        stack.mkdir()
        credentials.make_or_load(stack)
    one, two = (json.loads(credentials.path_in(stack).read_text()) for stack in stacks)
    secret = {name for name in one if one[name] != two[name]}
    assert secret == {"nats_password", "postgres_password", "s3_secret_key", "jwt_key", "caller_key"}
    assert all(len(one[name]) >= 32 for name in secret)


def test_a_secret_is_never_shown_by_accident(tmp_path: Path) -> None:
    made = credentials.make_or_load(tmp_path)
    assert made.jwt_key not in repr(made)
    assert made.postgres_password not in repr(made)


def test_without_a_stack_there_are_none(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        credentials.load(tmp_path)
