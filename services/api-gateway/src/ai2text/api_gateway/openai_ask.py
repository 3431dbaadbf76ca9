"""What is asked of OpenAI's audio API, checked: what would have no effect is refused, with the field that says it.

No I/O here.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal, TypeVar

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from ai2text.api_gateway.openai_errors import OpenAIRefused
from ai2text.api_gateway.openai_request import Fields
from ai2text.api_gateway.openai_transcription import Form, Granularity
from ai2text.common.contracts.states import Task

Choice = TypeVar("Choice", bound=StrEnum)
VALUE_MOST_CHARACTERS = 2000
"""Twice what a prompt may have."""
FLAGS = {"true": True, "1": True, "false": False, "0": False}
TRANSLATED = {"model", "prompt", "response_format", "temperature"}
TRANSCRIBED = TRANSLATED | {
    "chunking_strategy",
    "include",
    "keywords",
    "known_speaker_names",
    "known_speaker_references",
    "language",
    "languages",
    "separate_channels",
    "stream",
    "timestamp_granularities",
}
"""`separate_channels` is our own: the official client sends it in `extra_body`."""
NOT_KNOWN = {
    "include": "Log probabilities of tokens are not kept: verbose_json has avg_logprob for each segment.",
    "known_speaker_names": "Nobody is known by the voice; see separate_channels.",
    "known_speaker_references": "Nobody is known by the voice; see separate_channels.",
}
WHO_SPEAKS = (
    "Who speaks is known only where each has a channel: send such a recording with separate_channels=true "
    "(in extra_body), or ask for verbose_json."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    task: Task
    model: str
    shape: Form
    granularities: frozenset[Granularity]
    stream: bool
    upload: dict[str, str]
    """The fields of the upload that say how to transcribe it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _ServerVad:
    """Of `chunking_strategy`."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    type: Literal["server_vad"]
    threshold: float | None = Field(None, ge=0, le=1)
    prefix_padding_ms: int = 300
    silence_duration_ms: int = 200


_vad = TypeAdapter(_ServerVad)


def transcription_asked(fields: Fields, models: Collection[str]) -> Ask:
    """Raises OpenAIRefused."""
    _check(fields, TRANSCRIBED)
    model = _model(fields, models)
    shape = _choice(Form, _one(fields, "response_format") or Form.JSON, "response_format", list(Form))
    stream = _flag(fields, "stream")
    if stream and shape not in {Form.JSON, Form.TEXT}:
        raise _refused("response_format", f"{shape} cannot be streamed: use json or text.", "unsupported_value")
    options = {**_voice(fields), **_keywords(fields), **_channels(fields)}
    if stream and "separate_channels" in options:
        raise _refused("stream", "Channels are heard one after the other: ask for them at once.", "unsupported_value")
    if shape is Form.DIARIZED_JSON and "separate_channels" not in options:
        raise _refused("response_format", WHO_SPEAKS, "unsupported_value")
    return Ask(
        task=Task.TRANSCRIBE,
        model=model,
        shape=shape,
        granularities=_granularities(fields, shape),
        stream=stream,
        upload=_upload(options, language=_language(fields), **_common(fields)),
    )


def translation_asked(fields: Fields, models: Collection[str]) -> Ask:
    """Into English from whatever is spoken. Raises OpenAIRefused."""
    _check(fields, TRANSLATED)
    shapes = [shape for shape in Form if shape is not Form.DIARIZED_JSON]
    return Ask(
        task=Task.TRANSLATE,
        model=_model(fields, models),
        shape=_choice(Form, _one(fields, "response_format") or Form.JSON, "response_format", shapes),
        granularities=frozenset({Granularity.SEGMENT}),
        stream=False,
        upload={"task": Task.TRANSLATE.value, **_upload({}, **_common(fields))},
    )


def _check(fields: Fields, known: Collection[str]) -> None:
    for name, values in fields.items():
        if name not in known:
            raise _refused(name, f"There is no field {name[:80]!r} here.", "unknown_parameter")
        if name in NOT_KNOWN:
            raise _refused(name, NOT_KNOWN[name], "unsupported_value")
        if max(map(len, values)) > VALUE_MOST_CHARACTERS:
            raise _refused(name, f"A value may have {VALUE_MOST_CHARACTERS} characters.", "too_long")


def _model(fields: Fields, models: Collection[str]) -> str:
    name = _one(fields, "model")
    if name is None:
        raise _refused("model", "The field model is missing.", "missing_required_parameter")
    if name not in models:
        raise OpenAIRefused(
            404,
            f"There is no model {name[:80]!r}: use one of {', '.join(models)}.",
            code="model_not_found",
            param="model",
        )
    return name


def _common(fields: Fields) -> dict[str, str | None]:
    return {"prompt": _one(fields, "prompt"), "temperature": _one(fields, "temperature")}


def _upload(options: dict[str, Any], **named: str | None) -> dict[str, str]:
    said = {name: value for name, value in named.items() if value is not None}
    return {**said, "options": json.dumps(options)} if options else said


def _language(fields: Fields) -> str | None:
    """Whisper takes one or looks for itself; it cannot weigh several."""
    named = {value for value in (_one(fields, "language"), *fields.get("languages", ())) if value is not None}
    if len(named) > 1:
        raise _refused("languages", "Name one language, or none to have it detected.", "unsupported_value")
    return next(iter(named), None)


def _keywords(fields: Fields) -> dict[str, Any]:
    return {"hotwords": ", ".join(fields["keywords"])} if "keywords" in fields else {}


def _channels(fields: Fields) -> dict[str, Any]:
    return {"separate_channels": True} if _flag(fields, "separate_channels") else {}


def _voice(fields: Fields) -> dict[str, Any]:
    """Speech is looked for by voice activity anyway; a threshold of its own may be asked for."""
    asked = _one(fields, "chunking_strategy")
    if asked is None:
        return {}
    if asked == "auto":
        return {"vad_filter": True}
    try:
        vad = _vad.validate_json(asked)
    except ValidationError as exc:
        fault = exc.errors()[0]
        where = ".".join(map(str, fault["loc"]))
        raise _refused(
            "chunking_strategy",
            f'It is "auto" or {{"type": "server_vad", "threshold": 0.5}}; {where}: {fault["msg"]}.',
            "invalid_value",
        ) from exc
    usual = _ServerVad(type="server_vad")
    for name in ("prefix_padding_ms", "silence_duration_ms"):
        if getattr(vad, name) != getattr(usual, name):
            raise _refused("chunking_strategy", f"{name} cannot be chosen: leave it out.", "unsupported_value")
    return {"vad_filter": True} | ({} if vad.threshold is None else {"vad_threshold": vad.threshold})


def _granularities(fields: Fields, shape: Form) -> frozenset[Granularity]:
    name = "timestamp_granularities"
    if name in fields and shape is not Form.VERBOSE_JSON:
        raise _refused(name, f"{name} needs response_format=verbose_json.", "invalid_value")
    asked = {_choice(Granularity, value, name, list(Granularity)) for value in fields.get(name, ())}
    return frozenset(asked or {Granularity.SEGMENT})


def _flag(fields: Fields, name: str) -> bool:
    said = (_one(fields, name) or "false").lower()
    if said not in FLAGS:
        raise _refused(name, f"{said[:80]!r} is neither true nor false.", "invalid_value")
    return FLAGS[said]


def _one(fields: Fields, name: str) -> str | None:
    values = fields.get(name, (None,))
    if len(values) > 1:
        raise _refused(name, f"{name} is there {len(values)} times.", "invalid_value")
    return values[0]


def _choice(choices: type[Choice], value: str, param: str, allowed: Collection[Choice]) -> Choice:
    if value not in allowed:
        raise _refused(param, f"{value[:80]!r} is not offered: use one of {', '.join(allowed)}.", "invalid_value")
    return choices(value)


def _refused(param: str, message: str, code: str) -> OpenAIRefused:
    return OpenAIRefused(400, message, code=code, param=param)
