"""OpenAI's answers."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from ai2text.api_gateway.documents.common import Language, Model, Seconds, Text

ModelState = Literal["absent", "ready", "loading", "downloading", "waiting", "leaving", "failed"]


FORMS = ("multipart/form-data", "application/json")
Audio = Annotated[
    str,
    Field(
        description="The audio: in a form a file, in JSON base64, bare or as a data URI.",
        examples=["UklGRg=="],
        json_schema_extra={"format": "binary"},
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class TranslationAsk:
    __pydantic_config__ = ConfigDict(extra="forbid")

    file: Audio
    model: Model
    prompt: Annotated[str, Field(max_length=1000)] | None = None
    response_format: Literal["json", "text", "srt", "verbose_json", "vtt"] = "json"
    temperature: Annotated[float, Field(ge=0, le=1)] = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptionAsk:
    """Lists may be called `name[]` in a form. `separate_channels` is our own: each channel is a speaker."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    file: Audio
    model: Model
    language: Language | None = None
    prompt: Annotated[str, Field(max_length=1000)] | None = None
    keywords: list[str] | None = None
    response_format: Literal["json", "text", "srt", "verbose_json", "vtt", "diarized_json"] = "json"
    temperature: Annotated[float, Field(ge=0, le=1)] = 0
    timestamp_granularities: list[Literal["word", "segment"]] | None = None
    stream: bool = False
    separate_channels: bool = False
    chunking_strategy: Literal["auto"] | dict[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    type: Literal["duration"]
    seconds: Annotated[int, Field(ge=0, examples=[4])]


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcription:
    """Of `response_format=json`; of a translation without usage."""

    text: Text
    usage: Usage | None = None


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
    usage: Usage | None = None
    segments: list[VerboseSegment] | None = None
    words: list[VerboseWord] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DiarizedSegment:
    type: Literal["transcript.text.segment"]
    id: Annotated[str, Field(examples=["seg_001"])]
    start: Seconds
    end: Seconds
    text: Text
    speaker: Annotated[str, Field(examples=["A"])]


@dataclass(frozen=True, slots=True, kw_only=True)
class DiarizedTranscription:
    """Of `response_format=diarized_json`."""

    task: Literal["transcribe"]
    duration: Seconds
    text: Text
    segments: list[DiarizedSegment]


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
