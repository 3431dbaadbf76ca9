from pathlib import Path

import pytest
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from ai2text.common.errors import Misconfigured
from ai2text.common.settings import CallerSettings, NatsSettings, group, load


class Example(BaseSettings):
    model_config = group("AI2TEXT_EXAMPLE_")

    name: str = Field("nobody", description="A name.")
    secret: SecretStr = Field(description="A secret.")


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_missing_secret_is_named() -> None:
    with pytest.raises(Misconfigured, match="AI2TEXT_EXAMPLE_SECRET"):
        load(Example)


def test_a_misspelt_setting_is_refused_and_the_right_one_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AI2TEXT_NATS_ULR", "nats://elsewhere:4222")
    with pytest.raises(Misconfigured, match=r"AI2TEXT_NATS_ULR is not a setting. Did you mean AI2TEXT_NATS_URL\?"):
        load(NatsSettings)


def test_a_wrong_value_is_named_with_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AI2TEXT_NATS_REPLICAS", "many")
    with pytest.raises(Misconfigured, match=r"AI2TEXT_NATS_REPLICAS: .*integer"):
        load(NatsSettings)


def test_a_short_key_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AI2TEXT_CALLER_KEY", "short")
    with pytest.raises(Misconfigured, match="AI2TEXT_CALLER_KEY"):
        load(CallerSettings)


def test_a_secret_does_not_show_in_what_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AI2TEXT_EXAMPLE_SECRET", "hunter2hunter2")
    assert "hunter2" not in repr(load(Example))


@pytest.mark.lesson("L32")
@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("AI2TEXT_EXAMPLE_SECRET='two words'", "two words"),
        ('AI2TEXT_EXAMPLE_SECRET="a # b"', "a # b"),
        ("AI2TEXT_EXAMPLE_SECRET='$(touch stolen)'", "$(touch stolen)"),
        ("AI2TEXT_EXAMPLE_SECRET='`touch stolen`'", "`touch stolen`"),
        ('AI2TEXT_EXAMPLE_SECRET="it\'s"', "it's"),
    ],
)
def test_l32_the_env_file_is_parsed_and_never_executed(empty_folder: Path, line: str, value: str) -> None:
    (empty_folder / ".env").write_text(f"{line}\n")
    assert load(Example).secret.get_secret_value() == value
    assert not (empty_folder / "stolen").exists()


def test_the_environment_wins_over_the_env_file(empty_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (empty_folder / ".env").write_text("AI2TEXT_EXAMPLE_SECRET=x\nAI2TEXT_EXAMPLE_NAME=file\n")
    monkeypatch.setenv("AI2TEXT_EXAMPLE_NAME", "environment")
    assert load(Example).name == "environment"
