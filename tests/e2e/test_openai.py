"""The official OpenAI client, unchanged, against the gateway: what it may ask, what it gets, and how it is refused."""

import asyncio
import base64
import hashlib
import re
from dataclasses import replace
from typing import Any

import numpy as np
import openai
import pytest
from faster_whisper import WhisperModel
from faster_whisper.audio import decode_audio

from ai2text.common.contracts import identity
from ai2text.common.contracts.codec import encode
from ai2text.common.contracts.states import Task
from ai2text.common.contracts.transcription import TranscriptionOptions
from tests.fixtures.examples import TRANSCRIPT
from tests.fixtures.speech import clips, wav
from tests.fixtures.stack import EAR, SAMPLES, Stack

pytestmark = pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")  # OpenAI ends its own translations

NAME = "01-the-weather-is-here.wav"
TEXT = "The weather is here I wish you were beautiful."
TENANT = "openai"
FILE, OTHER_FILE = SAMPLES / NAME, SAMPLES / "08-smoking-is-one-of.flac"
NO_AUDIO = ("notes.wav", b"These are my notes.")

SEGMENT = {
    "id": "number",
    "seek": "number",
    "start": "number",
    "end": "number",
    "text": "string",
    "tokens": ["number"],
    "temperature": "number",
    "avg_logprob": "number",
    "compression_ratio": "number",
    "no_speech_prob": "number",
}
USAGE = {"type": "string", "seconds": "number"}
JSON = {"text": "string", "usage": USAGE}
VERBOSE = {"task": "string", "language": "string", "duration": "number", "text": "string", "usage": USAGE}
SEGMENTS = {"segments": [SEGMENT]}
WORDS = {"words": [{"word": "string", "start": "number", "end": "number"}]}
DIARIZED = {
    "task": "string",
    "duration": "number",
    "text": "string",
    "segments": [
        {"type": "string", "id": "string", "start": "number", "end": "number", "text": "string", "speaker": "string"}
    ],
}
DELTA = {"type": "string", "delta": "string"}
DONE = {"type": "string", "text": "string", "usage": USAGE}
TRANSLATION = {"text": "string"}
VERBOSE_TRANSLATION = {name: kind for name, kind in VERBOSE.items() if name != "usage"} | SEGMENTS
BODY = re.compile(r"\S.*\n", re.DOTALL)
SRT = re.compile(r"1\n00:00:\d\d,\d{3} --> 00:00:\d\d,\d{3}\n\S.*\n", re.DOTALL)
VTT = re.compile(r"WEBVTT\n\n00:00:\d\d\.\d{3} --> 00:00:\d\d\.\d{3}\n\S.*\n", re.DOTALL)
"""The bodies of answers, by their keys and the kinds of their values; those that are no JSON by their text."""


def words_and_segments(*asked: str) -> dict[str, object]:
    return {"response_format": "verbose_json", "timestamp_granularities": list(asked)}


TRANSCRIPTIONS: dict[str, tuple[dict[str, Any], object]] = {
    "nothing else": ({}, JSON),
    "json": ({"response_format": "json"}, JSON),
    "text": ({"response_format": "text"}, BODY),
    "srt": ({"response_format": "srt"}, SRT),
    "vtt": ({"response_format": "vtt"}, VTT),
    "verbose_json": ({"response_format": "verbose_json"}, VERBOSE | SEGMENTS),
    "segments": (words_and_segments("segment"), VERBOSE | SEGMENTS),
    "words": (words_and_segments("word"), VERBOSE | WORDS),
    "words and segments": (words_and_segments("word", "segment"), VERBOSE | SEGMENTS | WORDS),
    "the model's own name": ({"model": "ear"}, JSON),
    "language": ({"language": "en"}, JSON),
    "languages": ({"languages": ["en"]}, JSON),
    "prompt": ({"prompt": "The weather."}, JSON),
    "keywords": ({"keywords": ["weather", "beautiful"]}, JSON),
    "temperature 0": ({"temperature": 0}, JSON),
    "temperature 0.2": ({"temperature": 0.2}, JSON),
    "chunks": ({"chunking_strategy": "auto"}, JSON),
    "server_vad": ({"chunking_strategy": {"type": "server_vad", "threshold": 0.4}}, JSON),
    "the usual server_vad": (
        {"chunking_strategy": {"type": "server_vad", "prefix_padding_ms": 300, "silence_duration_ms": 200}},
        JSON,
    ),
    "not streamed": ({"stream": False}, JSON),
    "streamed": ({"stream": True}, [DELTA, DONE]),
    "streamed json": ({"stream": True, "response_format": "json"}, [DELTA, DONE]),
    "streamed text": ({"stream": True, "response_format": "text"}, [DELTA, DONE]),
}
TRANSLATIONS: dict[str, tuple[dict[str, Any], object]] = {
    "nothing else": ({}, TRANSLATION),
    "json": ({"response_format": "json"}, TRANSLATION),
    "text": ({"response_format": "text"}, BODY),
    "srt": ({"response_format": "srt"}, SRT),
    "vtt": ({"response_format": "vtt"}, VTT),
    "verbose_json": ({"response_format": "verbose_json"}, VERBOSE_TRANSLATION),
    "the model's own name": ({"model": "ear"}, TRANSLATION),
    "temperature 0": ({"temperature": 0}, TRANSLATION),
    "prompt and temperature": ({"prompt": "Good", "temperature": 0.2}, TRANSLATION),
}
CHANNELS = {"extra_body": {"separate_channels": True}}
WRONG: dict[str, tuple[str, dict[str, Any], str | None, str]] = {
    "no model": ("transcriptions", {"model": ""}, "model", "missing_required_parameter"),
    "an unknown model": ("transcriptions", {"model": "whisper-99"}, "model", "model_not_found"),
    "no audio": ("transcriptions", {"file": NO_AUDIO}, "file", "not_audio"),
    "no audio, streamed": ("transcriptions", {"file": NO_AUDIO, "stream": True}, "file", "not_audio"),
    "an empty file": ("transcriptions", {"file": ("a.wav", b"")}, "file", "empty"),
    "an unknown form": ("transcriptions", {"response_format": "xml"}, "response_format", "invalid_value"),
    "speakers": ("transcriptions", {"response_format": "diarized_json"}, "response_format", "unsupported_value"),
    "speakers in one channel": (
        "transcriptions",
        {"response_format": "diarized_json", **CHANNELS},
        "response_format",
        "speakers_unknown",
    ),
    "names of speakers": (
        "transcriptions",
        {"known_speaker_names": ["Ann"]},
        "known_speaker_names",
        "unsupported_value",
    ),
    "voices of speakers": (
        "transcriptions",
        {"known_speaker_references": [f"data:audio/wav;base64,{'UklG' * 9000}"]},
        "known_speaker_references",
        "unsupported_value",
    ),
    "logprobs": ("transcriptions", {"include": ["logprobs"]}, "include", "unsupported_value"),
    "words in json": (
        "transcriptions",
        {"timestamp_granularities": ["word"]},
        "timestamp_granularities",
        "invalid_value",
    ),
    "syllables": ("transcriptions", words_and_segments("syllable"), "timestamp_granularities", "invalid_value"),
    "a long prompt": ("transcriptions", {"prompt": "x" * 1500}, "prompt", "prompt_too_long"),
    "a very long prompt": ("transcriptions", {"prompt": "x" * 100_000}, "prompt", "too_long"),
    "many keywords": ("transcriptions", {"keywords": ["x" * 30] * 40}, "keywords", "hotwords_too_long"),
    "no code of a language": ("transcriptions", {"language": "English"}, "language", "invalid_language"),
    "a language that the model lacks": ("transcriptions", {"language": "de"}, "language", "unknown_language"),
    "two languages": ("transcriptions", {"languages": ["en", "de"]}, "languages", "unsupported_value"),
    "a high temperature": ("transcriptions", {"temperature": 7}, "temperature", "invalid_temperature"),
    "unknown chunks": ("transcriptions", {"chunking_strategy": "none"}, "chunking_strategy", "invalid_value"),
    "a threshold of 2": (
        "transcriptions",
        {"chunking_strategy": {"type": "server_vad", "threshold": 2}},
        "chunking_strategy",
        "invalid_value",
    ),
    "longer silences": (
        "transcriptions",
        {"chunking_strategy": {"type": "server_vad", "silence_duration_ms": 900}},
        "chunking_strategy",
        "unsupported_value",
    ),
    "perhaps a stream": ("transcriptions", {"stream": "perhaps"}, "stream", "invalid_value"),
    "channels, streamed": ("transcriptions", {"stream": True, **CHANNELS}, "stream", "unsupported_value"),
    **{
        f"{form}, streamed": (
            "transcriptions",
            {"stream": True, "response_format": form},
            "response_format",
            "unsupported_value",
        )
        for form in ("srt", "vtt", "verbose_json", "diarized_json")
    },
    "an unknown field": ("transcriptions", {"extra_body": {"seed": 0}}, "seed", "unknown_parameter"),
    "a model that cannot translate": ("translations", {}, "model", "cannot_translate"),
    "no model to translate": ("translations", {"model": ""}, "model", "missing_required_parameter"),
    "an unknown model to translate": ("translations", {"model": "whisper-99"}, "model", "model_not_found"),
    "no audio to translate": ("translations", {"file": NO_AUDIO}, "file", "not_audio"),
    "speakers of a translation": (
        "translations",
        {"response_format": "diarized_json"},
        "response_format",
        "invalid_value",
    ),
    "a high temperature to translate": ("translations", {"temperature": 7}, "temperature", "invalid_temperature"),
    **{
        f"{name} of a translation": ("translations", {"extra_body": {name: value}}, name, "unknown_parameter")
        for name, value in {"language": "de", "stream": True, "timestamp_granularities": ["word"]}.items()
    },
}
TYPES: dict[str, tuple[type[openai.APIStatusError], str]] = {
    "model_not_found": (openai.NotFoundError, "not_found_error"),
}
BAD_REQUEST = (openai.BadRequestError, "invalid_request_error")


class Caller:
    """The official client, of either kind."""

    def __init__(self, url: str, key: str, kind: str) -> None:
        self._settings: dict[str, Any] = {"api_key": key, "base_url": f"{url}/v1", "max_retries": 0}
        self._kind = kind

    def ask(self, resource: str, **asked: Any) -> Any:
        """Text, or what was in JSON; of a stream a list."""
        fields = {"file": FILE, "model": "whisper-1", **asked}
        if self._kind == "asynchronous":
            return asyncio.run(self._ask(resource, fields))
        with openai.OpenAI(**self._settings) as client:
            answer = getattr(client.audio, resource).create(**fields)
            return [event.to_dict() for event in answer] if isinstance(answer, openai.Stream) else _plain(answer)

    async def _ask(self, resource: str, fields: dict[str, Any]) -> Any:
        async with openai.AsyncOpenAI(**self._settings) as client:
            answer = await getattr(client.audio, resource).create(**fields)
            return [one.to_dict() async for one in answer] if isinstance(answer, openai.AsyncStream) else _plain(answer)


def _plain(answer: Any) -> Any:
    return answer if isinstance(answer, str) else answer.to_dict()


def shape_of(value: object) -> object:
    """Keys, and the kinds of values; of a list the different ones."""
    match value:
        case dict():
            return {name: shape_of(inner) for name, inner in value.items()}
        case list():
            shapes = [shape_of(inner) for inner in value]
            return [shape for number, shape in enumerate(shapes) if shape not in shapes[:number]]
        case str():
            return "string"
        case bool() | None:
            return str(value)
        case int() | float():
            return "number"
    raise AssertionError(value)


def assert_shaped(answer: object, shape: object) -> None:
    if isinstance(shape, re.Pattern):
        assert isinstance(answer, str)
        assert shape.fullmatch(answer), answer
    else:
        assert shape_of(answer) == shape


@pytest.fixture(scope="module")
def key(stack: Stack) -> str:
    return stack.token("--tenant", TENANT)


@pytest.fixture(params=["synchronous", "asynchronous"])
def caller(request: pytest.FixtureRequest, stack: Stack, key: str) -> Caller:
    return Caller(stack.url, key, request.param)


@pytest.fixture
def client(stack: Stack, uploader: str) -> Caller:
    """Of a tenant that nobody else has."""
    return Caller(stack.url, uploader, "synchronous")


@pytest.mark.parametrize("asked", TRANSCRIPTIONS)
def test_a_transcription_has_the_form_that_is_asked_for(caller: Caller, asked: str) -> None:
    fields, shape = TRANSCRIPTIONS[asked]
    assert_shaped(caller.ask("transcriptions", **fields), shape)


@pytest.mark.parametrize("asked", TRANSLATIONS)
def test_a_translation_has_the_form_that_is_asked_for(stack: Stack, caller: Caller, asked: str) -> None:
    """By a worker whose model can translate: its outcome stands already."""
    fields, shape = TRANSLATIONS[asked]
    translated(stack, OTHER_FILE.read_bytes(), **fields)
    answer = caller.ask("translations", file=OTHER_FILE, **fields)
    assert_shaped(answer, shape)
    said = answer if isinstance(answer, str) else answer["text"]
    assert "Good morning." in said
    if "verbose" in asked:
        assert (answer["task"], answer["language"]) == ("translate", "english")


def translated(stack: Stack, content: bytes, prompt: str | None = None, temperature: float = 0, **_: Any) -> None:
    sha256 = hashlib.sha256(content).hexdigest()
    recording = identity.recording_id(TENANT, sha256)
    options = TranscriptionOptions(initial_prompt=prompt, temperature=(temperature,))
    job = identity.job_id(recording, "ear", Task.TRANSLATE, options, generation=0)
    outcome = replace(
        TRANSCRIPT,
        tenant=TENANT,
        recording_id=recording,
        job_id=job,
        generation=0,
        sha256=sha256,
        task=Task.TRANSLATE,
        options=options,
        language="de",
    )
    stack.store().put_first(identity.outcome_key(TENANT, job), encode(outcome))


@pytest.mark.parametrize("asked", WRONG)
def test_a_wrong_call_is_refused_with_the_field_at_fault(caller: Caller, asked: str) -> None:
    resource, fields, param, code = WRONG[asked]
    error, kind = TYPES.get(code, BAD_REQUEST)
    with pytest.raises(error) as caught:
        caller.ask(resource, **fields)
    assert (caught.value.param, caught.value.code, caught.value.type) == (param, code, kind)
    assert isinstance(caught.value.body, dict)
    assert caught.value.body.keys() == {"message", "type", "param", "code"}


def test_the_plain_answer_is_the_text_with_the_seconds_used(client: Caller) -> None:
    assert client.ask("transcriptions") == {"text": TEXT, "usage": {"type": "duration", "seconds": 4}}
    *deltas, done = client.ask("transcriptions", stream=True)
    assert "".join(event["delta"] for event in deltas) == done["text"] == TEXT


def test_verbose_json_has_words_and_segments_with_whispers_measures(client: Caller) -> None:
    answer = client.ask("transcriptions", **words_and_segments("word", "segment"), language="en", temperature=0)
    assert (answer["language"], answer["text"], answer["task"]) == ("english", TEXT, "transcribe")
    assert answer["duration"] == pytest.approx(3.076, abs=0.01)
    assert [word["word"] for word in answer["words"]] == TEXT.split()
    (segment,) = answer["segments"]
    assert WhisperModel(str(EAR / "model"), device="cpu").hf_tokenizer.decode(segment["tokens"]).strip() == TEXT
    assert -1 < segment["avg_logprob"] < 0
    assert (segment["id"], segment["seek"]) == (0, 0)


@pytest.mark.lesson("L17")
@pytest.mark.parametrize("temperature", [0, 0.2])
def test_l17_the_temperature_that_is_asked_for_is_decoded_at(client: Caller, temperature: float) -> None:
    answer = client.ask("transcriptions", response_format="verbose_json", temperature=temperature)
    assert {segment["temperature"] for segment in answer["segments"]} == {temperature}


def test_speakers_are_known_where_each_has_a_channel(client: Caller) -> None:
    sides = [np.asarray(decode_audio(str(clip.path))) for clip in clips()[11:13]]
    longest = max(map(len, sides))
    call = wav([np.pad(side, (0, longest - len(side))) for side in sides])
    answer = client.ask("transcriptions", file=("call.wav", call), response_format="diarized_json", **CHANNELS)
    assert shape_of(answer) == DIARIZED
    assert {segment["speaker"] for segment in answer["segments"]} == {"A", "B"}
    assert [segment["id"] for segment in answer["segments"]][:2] == ["seg_001", "seg_002"]


def test_the_same_request_again_gets_the_stored_result(stack: Stack, client: Caller, tenant: str) -> None:
    for fields in ({}, {"temperature": 0}, {"model": "ear"}, {"chunking_strategy": "auto"}):
        assert client.ask("transcriptions", **fields)["text"] == TEXT
    assert stack.query("SELECT count(*) AS n, sum(attempts) AS tried FROM jobs WHERE tenant = %s", tenant) == [
        {"n": 1, "tried": 1}
    ]


def test_another_prompt_or_task_is_another_job_of_the_same_recording(stack: Stack, client: Caller, tenant: str) -> None:
    assert client.ask("transcriptions", file=OTHER_FILE)["text"]
    assert client.ask("transcriptions", file=OTHER_FILE, prompt="Statistics.")["text"]
    with pytest.raises(openai.BadRequestError):
        client.ask("translations", file=OTHER_FILE)
    rows = stack.query("SELECT recording_id, task, count(*) AS n FROM jobs WHERE tenant = %s GROUP BY 1, 2", tenant)
    assert {row["task"]: row["n"] for row in rows} == {"transcribe": 2, "translate": 1}
    assert len({row["recording_id"] for row in rows}) == 1


def test_a_task_and_options_may_be_asked_for_with_any_upload(stack: Stack, uploader: str) -> None:
    asked = {"task": "translate", "options": '{"beam_size": 1}'}
    content = FILE.read_bytes()
    received = stack.post("/v1/recordings", token=uploader, files={"file": (NAME, content)}, data=asked)
    again = stack.post("/v1/recordings", token=uploader, params=asked, content=content)
    transcription = stack.post("/v1/recordings", token=uploader, content=content)
    assert [answer.status_code for answer in (received, again, transcription)] == [202, 200, 200]
    assert received.json()["job_id"] == again.json()["job_id"] != transcription.json()["job_id"]
    assert len({answer.json()["recording_id"] for answer in (received, again, transcription)}) == 1
    job = stack.get(f"/v1/jobs/{received.json()['job_id']}", token=uploader, wait="60").json()
    assert (job["status"], job["error"]["code"]) == ("failed", "cannot_translate")


@pytest.mark.parametrize("kind", ["synchronous", "asynchronous"])
def test_a_bad_key_is_an_authentication_error(stack: Stack, kind: str) -> None:
    with pytest.raises(openai.AuthenticationError) as caught:
        Caller(stack.url, "sk-wrong", kind).ask("transcriptions")
    assert caught.value.type == "authentication_error"


def test_the_models_are_listed_and_looked_up(stack: Stack, key: str) -> None:
    with openai.OpenAI(api_key=key, base_url=f"{stack.url}/v1", max_retries=0) as client:
        assert [model.id for model in client.models.list()][:2] == ["ear", "whisper-1"]
        model = client.models.retrieve("ear").to_dict()
        assert {name: model[name] for name in ("id", "object", "created", "owned_by")} == {
            "id": "ear",
            "object": "model",
            "created": 0,
            "owned_by": "ai2text",
        }
        with pytest.raises(openai.NotFoundError) as caught:
            client.models.retrieve("org/none")
        assert (caught.value.param, caught.value.code) == ("model", "model_not_found")


BASE64 = base64.b64encode(FILE.read_bytes()).decode()


@pytest.mark.lesson("L18")
@pytest.mark.parametrize("file", [BASE64, f"data:audio/wav;name=a.wav;base64,\r\n{BASE64.rstrip('=')}\r\n"])
def test_l18_json_has_the_fields_of_the_form_and_the_file_in_base64(stack: Stack, key: str, file: str) -> None:
    fields = {"model": "whisper-1", "file": file, "temperature": 0, "stream": False, "language": None}
    wanted = {"response_format": "verbose_json", "timestamp_granularities": ["word", "segment"]}
    answer = stack.post("/v1/audio/transcriptions", token=key, json={**fields, **wanted})
    assert answer.status_code == 200, answer.text
    assert shape_of(answer.json()) == VERBOSE | SEGMENTS | WORDS
    vad = {"chunking_strategy": {"type": "server_vad", "threshold": 0.4}}
    assert stack.post("/v1/audio/transcriptions", token=key, json={**fields, **vad}).json()["text"] == TEXT
    refused = stack.post("/v1/audio/translations", token=key, json={"model": "whisper-1", "file": file})
    assert refused.json()["error"]["code"] == "cannot_translate"


@pytest.mark.lesson("L18")
@pytest.mark.parametrize(
    ("body", "status", "param", "code"),
    [
        ('{"model": "whisper-1"}', 400, "file", "missing_required_parameter"),
        ('{"model": "whisper-1", "file": "UklG!"}', 400, "file", "invalid_base64"),
        ('{"model": "whisper-1", "file": "data:audio/wav;base64"}', 400, "file", "invalid_base64"),
        ('{"model": "whisper-1", "file": "data:audio/wav;base64,"}', 400, "file", "empty"),
        ('{"model": "whisper-1", "file": "UklG"}', 400, "file", "not_audio"),
        ('{"model": "whisper-1", "file": "UklG", "prompt": {"a": 1}}', 400, "prompt", "invalid_type"),
        ('{"model": ["whisper-1", "ear"], "file": "UklG"}', 400, "model", "invalid_value"),
        ('{"model": "whisper-1", "file": "UklG", "temperature": true}', 400, "temperature", "invalid_temperature"),
        ("[" * 100_000, 400, None, "invalid_json"),
        ('{"file": "UklG"', 400, None, "invalid_json"),
        ("[" * (2 << 20), 413, None, "too_large"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_l18_other_json_is_refused_and_told_why(
    stack: Stack, key: str, body: str, status: int, param: str | None, code: str
) -> None:
    headers = {"Content-Type": "application/json; charset=utf-8"}
    answer = stack.post("/v1/audio/transcriptions", token=key, content=body.encode(), headers=headers)
    error = answer.json()["error"]
    assert (answer.status_code, error["param"], error["code"]) == (status, param, code)
