"""Keys, webhooks, and messages that were given up."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from ai2text.api_gateway.documents.common import At, Count, JobId, RecordingId
from ai2text.api_gateway.documents.problem import Reason
from ai2text.common.contracts.inside import Scope
from ai2text.common.occurrences import Kind

KeyId = Annotated[str, Field(examples=["jntwrhjf"])]
WebhookId = Annotated[UUID, Field(examples=["5f0c2b1e-8a4d-4f6f-9d3b-2c7a6e5d4c3b"])]
DeadLetterId = Annotated[UUID, Field(examples=["2f6b8c1d-3e4a-5b7c-8d9e-0a1b2c3d4e5f"])]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class NewWebhook:
    """`url` is on the open internet, with https, or in a network that the installation allows."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    url: Annotated[str, Field(min_length=1, max_length=2000, examples=["https://example.org/told"])]
    events: Annotated[list[Kind], Field(min_length=1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """It fails while its last attempt did; it is paused after five deliveries in a row that were given up."""

    webhook_id: WebhookId
    url: str
    events: list[Kind]
    created_at: At
    created_by: str
    paused_at: At | None
    status: Literal["active", "failing", "paused"]


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedWebhook(Webhook):
    """`secret` is shown this once."""

    secret: Annotated[str, Field(pattern="^whsec_", examples=["whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"])]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """`document` is what is told."""

    delivery_id: UUID
    event_id: UUID
    kind: Kind
    document: dict[str, Any]
    attempts: Count
    status_code: Annotated[int | None, Field(examples=[200])]
    error: str | None
    created_at: At
    attempted_at: At | None
    next_attempt_at: At | None
    delivered_at: At | None
    status: Literal["waiting", "delivered", "given_up"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """Recordings that are older are erased, the refused ones too; null keeps them for good."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    days: Annotated[int, Field(ge=1, le=36_500, examples=[365])] | None
