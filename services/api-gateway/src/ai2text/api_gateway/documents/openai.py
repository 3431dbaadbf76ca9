"""OpenAI's answers."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field

from ai2text.api_gateway.documents.common import Model, Seconds, Text

ModelState = Literal["absent", "ready", "loading", "downloading", "waiting", "leaving", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    type: Literal["duration"]
    seconds: Annotated[int, Field(ge=0, examples=[4])]


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcription:
    """Of `response_format=json`."""

    text: Text
    usage: Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class VerboseSegment:
    id: Annotated[int, Field(ge=0)]
    seek: int
    start: Seconds
    end: Seconds
    text: Text
    tokens: list[int]
    temperature: float
    avg_logprob: Annotated[float, Field(examples=[-0.21])]
    compression_ratio: Annotated[float, Field(examples=[1.3])]
    no_speech_prob: Annotated[float, Field(examples=[0.01])]


@dataclass(frozen=True, slots=True, kw_only=True)
class VerboseWord:
    word: Annotated[str, Field(examples=["weather"])]
    start: Seconds
    end: Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class VerboseTranscription:
    """Of `response_format=verbose_json`; segments, words or both, as asked for."""

    task: Literal["transcribe", "translate"]
    language: Annotated[str, Field(examples=["english"])]
    duration: Seconds
    text: Text
    usage: Usage
    segments: list[VerboseSegment] | None = None
    words: list[VerboseWord] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAIModel:
    id: Model
    object: Literal["model"]
    created: Annotated[int, Field(ge=0)]
    owned_by: Literal["ai2text"]
    state: ModelState
    workers: Annotated[int, Field(ge=0)] | None = None
    progress: Annotated[float | None, Field(ge=0, le=1)] = None
    device: Annotated[str | None, Field(examples=["cuda"])] = None
    compute_type: Annotated[str | None, Field(examples=["float16"])] = None
    revision: str | None = None
    size_bytes: int | None = None
    reason: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelList:
    object: Literal["list"]
    data: list[OpenAIModel]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unloaded:
    id: Model
    object: Literal["model"]
    deleted: Literal[True]
    workers: Annotated[int, Field(ge=0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class AllUnloaded:
    object: Literal["list"]
    deleted: Literal[True]
    workers: Annotated[int, Field(ge=0)]
