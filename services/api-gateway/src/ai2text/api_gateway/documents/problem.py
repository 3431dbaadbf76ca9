"""What goes wrong, as it is answered: RFC 9457, or as OpenAI's clients read it."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """`code` is stable and for machines, `detail` says to people what to do."""

    code: Annotated[str, Field(examples=["decode_failed"])]
    detail: Annotated[str, Field(examples=["No frame of the file could be decoded. Export it again."])]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """`code` is stable and for machines, `detail` says to people what to do; the request id finds it in the logs."""

    type: Literal["about:blank"]
    title: Annotated[str, Field(examples=["Not Found"])]
    status: Annotated[int, Field(ge=400, le=599, examples=[404])]
    code: Annotated[str, Field(examples=["not_found"])]
    detail: Annotated[str, Field(examples=["There is no such recording."])]
    instance: Annotated[str, Field(examples=["/v1/recordings/0c5cf5a4-6e53-5a3a-9a3f-6f0f9e6f6a01"])]
    request_id: Annotated[str | None, Field(examples=["9b2f4d9e-58a1-4d0e-8f52-6c1f2f2b7f3a"])]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAIErrorDetail:
    message: Annotated[str, Field(examples=["There is no model 'large': use one of small, whisper-1."])]
    type: Annotated[str, Field(examples=["not_found_error"])]
    param: Annotated[str | None, Field(examples=["model"])]
    code: Annotated[str | None, Field(examples=["model_not_found"])]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAIError:
    error: OpenAIErrorDetail
