from pathlib import Path

import pytest

from ai2text.cli.environments import EAR
from ai2text.cli.model_choice import Found, checked, choose
from ai2text.common.errors import Misconfigured


def test_the_machines_own_default_is_taken_where_it_can_be_had() -> None:
    choice = choose(Found(model="large-v3-turbo", usable=True))
    assert choice.model == "large-v3-turbo"
    assert choice.notice is None


def test_otherwise_the_demonstration_runs_and_one_line_says_what_it_hears_and_how_to_choose() -> None:
    choice = choose(Found(model="small", usable=False))
    assert choice.model == "ear"
    assert choice.notice is not None
    assert "\n" not in choice.notice
    for needed in (
        "demonstration model",
        "small",
        "synthetic voices",
        "espeak-ng",
        "flite",
        "English",
        "--model NAME|PATH",
    ):
        assert needed in choice.notice


@pytest.mark.parametrize("name", ["small", "large-v3-turbo", "distil-large-v3.5", "Systran/faster-whisper-tiny", "ear"])
def test_names_of_the_hub_are_taken_as_they_are(name: str) -> None:
    assert checked(name) == name


def test_a_folder_with_a_model_becomes_its_absolute_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(EAR)
    assert checked("model") == str(EAR / "model")
    assert checked("./model") == str(EAR / "model")


@pytest.mark.parametrize("path", ["/nowhere/at/all", "./missing", "../missing", "~/missing-model", "a/b/c"])
def test_a_folder_that_is_not_there_is_refused(path: str) -> None:
    with pytest.raises(Misconfigured, match=r"no model\.bin in"):
        checked(path)


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"no model\.bin in"):
        checked(str(tmp_path))
