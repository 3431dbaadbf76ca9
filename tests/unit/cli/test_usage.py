"""What is refused before anything is asked of a gateway."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from ai2text.cli.main import app

COMMANDS = [
    *(["jobs", "cancel", "x"], ["jobs", "rerun", "x"]),
    *(["recordings"], ["jobs"], ["search", "x"], ["status"], ["transcribe", "a.wav"]),
    *(["dead-letters", "list"], ["dead-letters", "show", "x"], ["dead-letters", "replay", "x"]),
    *(["dataset", "build", "x"], ["dataset", "check", "x"], ["dataset", "list"]),
]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_without_a_stack_each_command_names_the_way_out(tmp_path: Path, words: list[str]) -> None:
    answer = CliRunner().invoke(app, [*words, "--data", str(tmp_path)])
    assert answer.exit_code == 1
    assert "No stack is running in" in str(answer.output) + str(answer.exception)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_another_gateway_wants_a_token(tmp_path: Path, words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AI2TEXT_TOKEN", raising=False)
    answer = CliRunner().invoke(app, [*words, "--data", str(tmp_path), "--url", "http://127.0.0.1:1"])
    assert answer.exit_code == 1
    assert "AI2TEXT_TOKEN" in str(answer.output) + str(answer.exception)


@pytest.mark.parametrize(
    "words",
    [
        ["recordings", "--status", "lost"],
        ["jobs", "--limit", "0"],
        ["jobs", "cancel"],
        ["jobs", "rerun"],
        ["jobs", "rerun", "x", "--lane", "fast"],
        ["search"],
        ["search", "x", "--limit", "1001"],
        ["transcribe"],
        ["dead-letters", "replay"],
        ["dead-letters", "replay", "x", "--all"],
        ["dataset", "build"],
    ],
    ids=" ".join,
)
def test_wrong_usage_ends_with_two(words: list[str]) -> None:
    assert CliRunner().invoke(app, words).exit_code == 2
