"""The settings of the metadata service beside the shared groups."""

from ipaddress import IPv4Network, IPv6Network

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from ai2text.common.settings import group


class PostgresSettings(BaseSettings):
    model_config = group("AI2TEXT_POSTGRES_")

    dsn: SecretStr = Field(description="postgresql://user:password@host:port/database")
    pool_size: int = Field(
        8,
        ge=1,
        description="The most connections of one process for each of its two roles: so many readers, so many writers.",
    )
    pool_timeout_seconds: float = Field(5, gt=0, description="How long a request waits for a connection.")
    statement_timeout_seconds: float = Field(30, gt=0, description="The longest a statement may run.")


class MetadataSettings(BaseSettings):
    model_config = group("AI2TEXT_METADATA_")

    host: str = Field("127.0.0.1", description="Address of the inside API; 0.0.0.0 in a pod.")
    port: int = Field(8081, description="Port of the inside API.")
    events_at_once: int = Field(
        256, ge=1, description="Events held at the same time, and written in one transaction where they meet."
    )
    words_at_once: int = Field(
        100_000, ge=1, description="Words of the transcripts among them; 100,000 are about 75 MB of memory."
    )
    reconcile_jobs_seconds: float = Field(
        60, gt=0, description="How often unfinished jobs are looked for that no queue holds any more."
    )
    reconcile_grace_seconds: float = Field(
        120, ge=0, description="Jobs that were published within this time are not looked for."
    )
    reconcile_bucket_seconds: float = Field(
        3600, gt=0, description="How often the bucket is compared with the catalogue; it is at each start, too."
    )
    erase_again_seconds: float = Field(
        3600,
        ge=0,
        description="How long after an erasure it is announced once more, for what was under way the first time.",
    )


class WebhookSettings(BaseSettings):
    model_config = group("AI2TEXT_WEBHOOK_")

    allowed_networks: tuple[IPv4Network | IPv6Network, ...] = Field(
        (),
        description="Networks off the open internet that webhooks may reach all the same, and without TLS too, "
        'as JSON: `["10.20.0.0/16"]`. Every admin of every tenant can then send requests there.',
    )
