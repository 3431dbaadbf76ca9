from dataclasses import replace

import pytest

from ai2text.api_gateway.openai_errors import OpenAIRefused
from ai2text.api_gateway.openai_transcription import (
    Form,
    Granularity,
    as_diarized_json,
    as_json,
    as_text,
    as_verbose_json,
    language_name,
)
from ai2text.common.contracts.states import Task
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


def test_a_translation_is_in_english_whatever_was_spoken() -> None:
    body = as_verbose_json(replace(TRANSCRIPT, task=Task.TRANSLATE, language="de"), {Granularity.SEGMENT})
    assert (body["task"], body["language"]) == ("translate", "english")
    assert "usage" not in body


def test_a_channel_is_a_speaker_by_its_number_also_when_another_one_is_silent() -> None:
    (segment,) = TRANSCRIPT.segments
    body = as_diarized_json(replace(TRANSCRIPT, segments=(replace(segment, speaker="channel 2"),)))
    assert body["segments"] == [
        {
            "type": "transcript.text.segment",
            "id": "seg_001",
            "start": segment.start,
            "end": segment.end,
            "text": segment.text,
            "speaker": "B",
        }
    ]


def test_a_speaker_is_never_made_up() -> None:
    (segment,) = TRANSCRIPT.segments
    with pytest.raises(OpenAIRefused) as refused:
        as_diarized_json(replace(TRANSCRIPT, segments=(replace(segment, speaker=None),)))
    assert (refused.value.status, refused.value.code) == (400, "speakers_unknown")
