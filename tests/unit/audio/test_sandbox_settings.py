import pytest
from pydantic import ValidationError

from ai2text.audio.sandbox import SandboxSettings


def test_the_environment_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AI2TEXT_SANDBOX_CHILDREN", "7")
    monkeypatch.setenv("AI2TEXT_SANDBOX_STALL_SECONDS", "2.5")
    settings = SandboxSettings()
    assert (settings.children, settings.stall_seconds) == (7, 2.5)


def test_less_memory_than_a_child_needs_to_start_is_refused() -> None:
    with pytest.raises(ValidationError, match="memory_bytes"):
        SandboxSettings(memory_bytes=1 << 20)


def test_every_setting_is_described() -> None:
    assert all(field.description for field in SandboxSettings.model_fields.values())
