"""The settings of the gateway beside the shared groups."""

from ipaddress import IPv4Network, IPv6Network
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr
from pydantic_settings import BaseSettings

from ai2text.common.settings import group

ALIAS = "whisper-1"
"""What OpenAI's clients hard-code; it stands for the default model."""


class GatewaySettings(BaseSettings):
    model_config = group("AI2TEXT_GATEWAY_")

    host: str = Field("127.0.0.1", description="Address of the public API; 0.0.0.0 in a pod.")
    port: int = Field(8080, description="Port of the public API.")
    metadata_url: str = Field("http://127.0.0.1:8081", description="The metadata service.")
    ingestion_url: str = Field("http://127.0.0.1:8082", description="The ingestion service.")
    orchestrator_url: str = Field("http://127.0.0.1:8083", description="The training-orchestrator.")
    connect_timeout_seconds: float = Field(2, gt=0, description="For a connection to a service.")
    read_timeout_seconds: float = Field(
        15, gt=0, description="For the next bytes from a service, beyond what a client asks it to wait."
    )
    write_timeout_seconds: float = Field(30, gt=0, description="For the next bytes to a service.")
    pool_timeout_seconds: float = Field(5, gt=0, description="For a free connection.")
    model: str = Field("small", description="The default model, which `whisper-1` stands for; ingestion's own.")
    translation_model: str | None = Field(
        None,
        description="What `whisper-1` stands for in translations, for turbo and English-only models cannot translate.",
    )
    max_upload_bytes: int = Field(5 << 30, gt=0, description="Larger bodies are refused with 413.")
    wait_base_seconds: float = Field(30, ge=0, description="How long a transcription is waited for at least.")
    wait_factor: float = Field(2, ge=0, description="And for each second of audio so much longer.")
    connections: int = Field(64, ge=1, description="The most connections to each of the services.")
    requests_per_second: float = Field(
        50,
        gt=0,
        description="Of one caller, on an average; more are answered with 429. For each replica, as the next two.",
    )
    requests_burst: int = Field(500, ge=1, description="Of one caller after a pause, at once.")
    requests_at_once: int = Field(200, ge=1, description="Of one tenant under way.")
    event_streams: int = Field(2000, ge=1, description="Of one tenant open at once; they count as no requests.")
    max_connections: int = Field(
        4000, ge=1, description="The most connections from outside; more are refused with 503."
    )
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = Field(
        (),
        description='Networks whose `X-Forwarded-For` is believed, as JSON: `["10.0.0.0/8"]`; for the audit trail.',
    )
    cors_origins: tuple[str, ...] = Field(
        (), description='Web pages of which origins may call, as JSON: `["https://console.example.org"]`.'
    )


class TrustedIssuer(BaseModel):
    """Who signs with keys of its own, which it publishes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    issuer: str
    """Exactly the claim `iss` of its tokens."""
    jwks_url: str
    algorithms: tuple[
        Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"], ...
    ] = ("RS256",)
    audience: str = "ai2text"
    tenant_claim: str = "tenant"
    tenant: str | None = None
    """Of all its tokens, whatever they claim."""
    scope_claim: str = "scope"


class JwtSettings(BaseSettings):
    """Whose tokens are accepted."""

    model_config = group("AI2TEXT_JWT_")

    key: SecretStr | None = Field(
        None,
        min_length=32,
        description="The HS256 key of an issuer that shares it with the gateway; the embedded stack's.",
    )
    issuer: str = Field("ai2text-embedded", description="The claim `iss` of tokens that are signed with it.")
    audience: str = Field("ai2text", description="The claim `aud` of tokens that are signed with it.")
    issuers: tuple[TrustedIssuer, ...] = Field(
        (),
        description='Issuers with public keys, as JSON: `[{"issuer": …, "jwks_url": …, "algorithms": ["RS256"], '
        '"audience": "ai2text", "tenant_claim": "tenant", "scope_claim": "scope"}]`; with `tenant` in place of '
        "`tenant_claim` all their tokens are of one tenant.",
    )
    max_lifetime_seconds: float = Field(
        31 * 86_400, gt=0, description="Tokens that were issued for longer are refused, whatever they say."
    )
    leeway_seconds: float = Field(10, ge=0, description="Between the issuer's clock and ours.")
