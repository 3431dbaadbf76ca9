"""Keys, and messages that were given up."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from ai2text.api_gateway.documents.common import At, Count, JobId, RecordingId
from ai2text.api_gateway.documents.problem import Reason
from ai2text.common.contracts.inside import Scope

KeyId = Annotated[str, Field(examples=["jntwrhjf"])]
DeadLetterId = Annotated[UUID, Field(examples=["cb1d0703-4b7f-5be1-8726-70807866a24c"])]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    __pydantic_config__ = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=100, examples=["nightly export"])]
    scopes: Annotated[list[Scope], Field(min_length=1)]
    expires_at: At | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedKey:
    """`key` is shown this once."""

    key_id: KeyId
    name: str
    scopes: list[Scope]
    created_at: At
    created_by: Annotated[str, Field(examples=["anna"])]
    expires_at: At | None
    key: Annotated[str, Field(examples=["a2t_jntwrhjf_Yk1x…"])]


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    key_id: KeyId
    name: str
    scopes: list[Scope]
    created_at: At
    created_by: str
    expires_at: At | None
    last_used_at: At | None
    revoked_at: At | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    dead_letter_id: DeadLetterId
    tenant: str | None
    reason: Reason
    subject: Annotated[str, Field(examples=["transcription.requested.v1.bulk"])]
    durable: Annotated[str, Field(examples=["asr-bulk"])]
    deliveries: Count
    recording_id: RecordingId | None
    job_id: JobId | None
    dead_at: At
    replayed_at: At | None
    replayed_as: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeDeadLetter(DeadLetter):
    """`payload` is the message as JSON, null where it was none."""

    traceback: str
    headers: dict[str, str]
    payload: Any
    payload_base64: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    dead_letter_id: DeadLetterId
    job_id: JobId | None
    status: Literal["replayed"]
