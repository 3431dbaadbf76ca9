import pytest

from ai2text.api_gateway.openai_transcription import Form, Granularity, as_json, as_text, as_verbose_json, language_name
from tests.fixtures.examples import TRANSCRIPT


@pytest.mark.parametrize(
    ("code", "name"), [("en", "english"), ("de", "german"), ("zh", "chinese"), ("jw", "javanese"), ("el", "greek")]
)
def test_languages_have_their_full_english_names(code: str, name: str) -> None:
    assert language_name(code) == name


def test_a_code_without_a_name_stays_itself() -> None:
    assert language_name("xx") == "xx"


def test_the_plain_form_is_text_and_seconds_rounded_up() -> None:
    assert as_json(TRANSCRIPT) == {"text": "Good morning.", "usage": {"type": "duration", "seconds": 4}}


def test_segments_carry_all_of_whispers_measures() -> None:
    body = as_verbose_json(TRANSCRIPT, {Granularity.SEGMENT})
    assert set(body["segments"][0]) == {
        "id",
        "seek",
        "start",
        "end",
        "text",
        "tokens",
        "temperature",
        "avg_logprob",
        "compression_ratio",
        "no_speech_prob",
    }
    assert "words" not in body


def test_words_are_bare_and_alone_when_only_they_are_asked_for() -> None:
    body = as_verbose_json(TRANSCRIPT, {Granularity.WORD})
    assert body["words"][1] == {"word": "morning.", "start": 0.5, "end": 1.2}
    assert "segments" not in body


@pytest.mark.parametrize(
    ("form", "beginning"),
    [(Form.TEXT, "Good morning.\n"), (Form.SRT, "1\n00:00:00,100 --> "), (Form.VTT, "WEBVTT\n\n00:00:00.100 --> ")],
)
def test_the_other_forms_are_plain_text(form: Form, beginning: str) -> None:
    assert as_text(TRANSCRIPT, form).startswith(beginning)
