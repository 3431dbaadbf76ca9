"""The official OpenAI client, unchanged, against the gateway."""

from collections.abc import Iterator

import openai
import pytest
from faster_whisper import WhisperModel

from tests.fixtures.stack import EAR, SAMPLES, Stack

NAME = "01-the-weather-is-here.wav"
TEXT = "The weather is here I wish you were beautiful."


@pytest.fixture
def client(stack: Stack, uploader: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(api_key=uploader, base_url=f"{stack.url}/v1", max_retries=0) as made:
        yield made


def test_the_plain_answer_is_the_text_with_the_seconds_used(client: openai.OpenAI) -> None:
    with (SAMPLES / NAME).open("rb") as file:
        answer = client.audio.transcriptions.create(file=file, model="whisper-1")
    assert answer.text == TEXT
    assert answer.usage is not None
    assert answer.usage.type == "duration"
    assert answer.usage.seconds == 4


def test_text_srt_and_vtt_are_plain_bodies(client: openai.OpenAI) -> None:
    path = SAMPLES / NAME
    text = client.audio.transcriptions.create(file=path, model="whisper-1", response_format="text")
    srt = client.audio.transcriptions.create(file=path, model="whisper-1", response_format="srt")
    vtt = client.audio.transcriptions.create(file=path, model="whisper-1", response_format="vtt")
    assert str(text).strip() == TEXT
    assert str(srt).startswith("1\n00:00:0")
    assert "," in str(srt)
    assert str(vtt).startswith("WEBVTT\n\n00:00:0")
    assert "The weather" in str(vtt)


def test_verbose_json_has_words_and_segments_with_whispers_measures(client: openai.OpenAI) -> None:
    answer = client.audio.transcriptions.create(
        file=SAMPLES / NAME,
        model="whisper-1",
        response_format="verbose_json",
        timestamp_granularities=["word", "segment"],
        language="en",
        temperature=0,
    )
    assert (answer.language, answer.text) == ("english", TEXT)
    assert answer.duration == pytest.approx(3.076, abs=0.01)
    assert answer.words is not None
    assert [word.word for word in answer.words] == TEXT.split()
    assert answer.segments is not None
    (segment,) = answer.segments
    assert WhisperModel(str(EAR / "model"), device="cpu").hf_tokenizer.decode(segment.tokens).strip() == TEXT
    assert -1 < segment.avg_logprob < 0
    assert (segment.id, segment.seek, segment.temperature) == (0, 0, 0.0)


def test_words_alone_come_without_segments(client: openai.OpenAI) -> None:
    answer = client.audio.transcriptions.create(
        file=SAMPLES / NAME, model="whisper-1", response_format="verbose_json", timestamp_granularities=["word"]
    )
    assert answer.words
    assert answer.segments is None


def test_the_same_request_again_gets_the_stored_result(stack: Stack, client: openai.OpenAI, tenant: str) -> None:
    for _ in range(2):
        assert client.audio.transcriptions.create(file=SAMPLES / NAME, model="whisper-1").text == TEXT
    assert stack.query("SELECT count(*) AS n, sum(attempts) AS tried FROM jobs WHERE tenant = %s", tenant) == [
        {"n": 1, "tried": 1}
    ]


def test_another_prompt_is_another_job_of_the_same_recording(stack: Stack, client: openai.OpenAI, tenant: str) -> None:
    path = SAMPLES / "08-smoking-is-one-of.flac"
    assert client.audio.transcriptions.create(file=path, model="whisper-1").text
    assert client.audio.transcriptions.create(file=path, model="whisper-1", prompt="Statistics.").text
    rows = stack.query("SELECT recording_id, count(*) AS n FROM jobs WHERE tenant = %s GROUP BY 1", tenant)
    assert [row["n"] for row in rows] == [2]


def test_a_bad_key_is_an_authentication_error(stack: Stack) -> None:
    with (
        openai.OpenAI(api_key="sk-wrong", base_url=f"{stack.url}/v1", max_retries=0) as stranger,
        pytest.raises(openai.AuthenticationError) as caught,
    ):
        stranger.audio.transcriptions.create(file=SAMPLES / NAME, model="whisper-1")
    assert caught.value.type == "authentication_error"


def test_a_bad_file_is_a_bad_request_that_names_the_file_and_says_why(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.audio.transcriptions.create(file=("notes.wav", b"These are my notes."), model="whisper-1")
    assert (caught.value.param, caught.value.code) == ("file", "not_audio")


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"model": ""}, "model"),
        ({"model": "whisper-1", "response_format": "diarized_json"}, "response_format"),
        ({"model": "whisper-1", "stream": "perhaps"}, "stream"),
        ({"model": "whisper-1", "timestamp_granularities": ["word"]}, "timestamp_granularities"),
        ({"model": "whisper-1", "prompt": "x" * 2000}, "prompt"),
        ({"model": "whisper-1", "language": "English"}, "language"),
        ({"model": "whisper-1", "language": "de"}, "language"),
        ({"model": "whisper-1", "temperature": 7}, "temperature"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_missing_or_unknown_field_is_a_bad_request(
    client: openai.OpenAI, fields: dict[str, object], param: str
) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.audio.transcriptions.create(file=SAMPLES / NAME, **fields)  # type: ignore[call-overload]
    assert caught.value.param == param


def test_an_unknown_model_is_not_found(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        client.audio.transcriptions.create(file=SAMPLES / NAME, model="whisper-99")
    assert caught.value.code == "model_not_found"


def test_the_models_are_listed_and_looked_up(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()][:2] == ["ear", "whisper-1"]
    assert client.models.retrieve("ear").id == "ear"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("org/none")
