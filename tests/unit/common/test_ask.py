"""What may be asked about how to transcribe."""

from dataclasses import replace
from typing import Any

import pytest
from faster_whisper.tokenizer import _LANGUAGE_CODES

from ai2text.common.ask import LANGUAGES, asked_options
from ai2text.common.contracts.transcription import TranscriptionOptions
from ai2text.common.errors import Refused

DEFAULTS = TranscriptionOptions(beam_size=3, language="en", initial_prompt="AI2Text")


def test_the_languages_are_whispers() -> None:
    assert set(_LANGUAGE_CODES) == LANGUAGES


def test_each_option_is_asked_for_by_itself() -> None:
    assert asked_options(DEFAULTS, {}) == DEFAULTS
    assert asked_options(DEFAULTS, {"beam_size": 1}) == replace(DEFAULTS, beam_size=1)
    assert asked_options(DEFAULTS, {"language": None}) == replace(DEFAULTS, language=None)


@pytest.mark.lesson("L17")
def test_l17_a_temperature_of_zero_is_a_temperature() -> None:
    assert asked_options(DEFAULTS, {"temperature": [0]}).temperature == (0.0,)


@pytest.mark.parametrize(("asked", "kept"), [(" a \n b ", "a b"), ("", None), ("  ", None)])
def test_a_prompt_is_one_line_or_nothing(asked: str, kept: str | None) -> None:
    assert asked_options(DEFAULTS, {"initial_prompt": asked}).initial_prompt == kept


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({"temperature": [float("nan")]}, "temperature"),
        ({"temperature": [0.1] * 11}, "temperature"),
        ({"beam_size": 21}, "beam_size"),
        ({"vad_filter": "perhaps"}, "vad_filter"),
        ({"vad_threshold": 1.1}, "vad_threshold"),
        ({"decoding": "guessed"}, "decoding"),
        ({"hotwords": "\x1b[31m"}, "hotwords"),
        ({"hotwords": "\ud800"}, "hotwords"),
        ({"language": "EN"}, "language"),
        ({"tempreature": [0]}, "tempreature"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_the_options_name(asked: dict[str, Any], named: str) -> None:
    with pytest.raises(Refused, match=named):
        asked_options(DEFAULTS, asked)
