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
        ("d.yaml", b"formats: [nemo]\nselection:\n  created_after: 2024-05-01\n"),
        ("d.yml", b'{formats: [nemo], selection: {created_after: "2024-05-01"}}'),
    ],
)
def test_a_definition_is_json_toml_or_yaml(tmp_path: Path, name: str, content: bytes) -> None:
    found = read_definition(written(tmp_path, name, content))
    assert found == {"formats": ["nemo"], "selection": {"created_after": "2024-05-01"}}


@pytest.mark.parametrize(
    ("name", "content"), [("d.toml", b"at = 2026-01-01T08:30:00Z\n"), ("d.yaml", b"at: 2026-01-01T08:30:00Z\n")]
)
def test_a_moment_keeps_its_time_and_its_zone(tmp_path: Path, name: str, content: bytes) -> None:
    assert read_definition(written(tmp_path, name, content)) == {"at": "2026-01-01T08:30:00+00:00"}


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("d.json", b'{\n"formats": [,]\n}', r"d\.json, line 2, column 13: "),
        ("d.json", b"[1]", r"d\.json, line 1: a definition is an object"),
        ("d.toml", b"a = 1\nb = \n", r"d\.toml: .* \(at line 2, column 5\)"),
        ("d.toml", b"a = 1\nb = '\xff'\n", r"d\.toml, line 2: this is no UTF-8 text"),
        ("d.yaml", b"a: 1\nb: [\n", r"d\.yaml, line 3: "),
        ("d.yaml", b"a: \x07\n", r"d\.yaml: unacceptable character"),
        ("d.yaml", b"- a\n", r"d\.yaml, line 1: a definition is an object"),
        ("d.yaml", b"a: !!python/name:os.system\n", r"d\.yaml, line 1: could not determine a constructor"),
        ("d.txt", b"a: 1", r"d\.txt must be a \.json, a \.toml or a \.yaml file"),
    ],
)
def test_a_broken_definition_is_refused_with_its_line(tmp_path: Path, name: str, content: bytes, sentence: str) -> None:
    with pytest.raises(Misconfigured, match=sentence):
        read_definition(written(tmp_path, name, content))


def test_a_missing_definition_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"none\.json cannot be read: No such file"):
        read_definition(tmp_path / "none.json")
