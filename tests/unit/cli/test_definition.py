from pathlib import Path

import pytest

from ai2text.cli.definition import read_definition
from ai2text.common.errors import Misconfigured


def written(tmp_path: Path, name: str, content: bytes) -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("d.json", b'{"formats": ["nemo"], "selection": {"created_after": "2024-05-01"}}'),
        ("d.json", b'\xef\xbb\xbf{"formats": ["nemo"], "selection": {"created_after": "2024-05-01"}}'),
        ("d.TOML", b'formats = ["nemo"]\n[selection]\ncreated_after = 2024-05-01\n'),
    ],
)
def test_a_definition_is_json_or_toml(tmp_path: Path, name: str, content: bytes) -> None:
    found = read_definition(written(tmp_path, name, content))
    assert found == {"formats": ["nemo"], "selection": {"created_after": "2024-05-01"}}


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("d.json", b'{\n"formats": [,]\n}', r"d\.json, line 2, column 13: "),
        ("d.json", b"[1]", r"d\.json, line 1: a definition is an object"),
        ("d.toml", b"a = 1\nb = \n", r"d\.toml: .* \(at line 2, column 5\)"),
        ("d.toml", b"a = 1\nb = '\xff'\n", r"d\.toml, line 2: this is no UTF-8 text"),
        ("d.yaml", b"a: 1", r"d\.yaml must be a \.json or a \.toml file"),
    ],
)
def test_a_broken_definition_is_refused_with_its_line(tmp_path: Path, name: str, content: bytes, sentence: str) -> None:
    with pytest.raises(Misconfigured, match=sentence):
        read_definition(written(tmp_path, name, content))


def test_a_missing_definition_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"none\.json cannot be read: No such file"):
        read_definition(tmp_path / "none.json")
