"""The buckets of the file AI2TEXT_SOURCES_FILE; `[[bucket]]` tables are those that are watched.

Ingestion watches them and the set-up step makes their durables, so both read them here. Secrets never stand in the
file: it names the environment variable or the file that holds them.
"""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from ai2text.common.errors import Misconfigured
from ai2text.common.settings import S3Settings
from ai2text.common.sources import SourceOptions, filed, load_folders

SECRET_FORM = "^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$"  # noqa: S105 - the form of a reference, no secret


class ReachedBucket(BaseModel):
    """A bucket, or what lies in it under a prefix, and how it is reached."""

    name: str = Field(pattern="^[a-z0-9][a-z0-9-]*$", max_length=63, description="Of the table.")
    bucket: str = Field(min_length=3, description="The bucket.")
    prefix: str = Field("", description="Only keys that begin with it are taken.")
    endpoint: str | None = Field(None, description="host:port of its S3 API; without it it is the installation's own.")
    secure: bool = Field(default=True, description="Whether to speak TLS with that endpoint.")
    region: str = Field("us-east-1", description="Region in the signatures.")
    access_key: str | None = Field(None, pattern=SECRET_FORM, description="`env:VARIABLE` or `file:PATH`.")
    secret_key: str | None = Field(None, pattern=SECRET_FORM, description="Likewise.")

    @model_validator(mode="after")
    def _has_keys(self) -> Self:
        given = [value is not None for value in (self.endpoint, self.access_key, self.secret_key)]
        if any(given) and not all(given):
            raise ValueError("endpoint, access_key and secret_key belong together.")
        return self


class Bucket(SourceOptions, ReachedBucket):
    """One that is watched."""

    model_config = ConfigDict(frozen=True)

    done_prefix: str = Field("done/", pattern="/$", description="Where `move` puts objects, below the prefix.")
    list_seconds: float = Field(300, gt=0, description="How often the bucket is listed: notifications are only hints.")
    nats_subject: str | None = Field(None, description="Where MinIO publishes its notifications, on our NATS.")
    hook_token: str | None = Field(
        None, pattern=SECRET_FORM, description="MinIO's `auth_token` for POST /hooks/buckets/{name}; likewise."
    )


def load_buckets() -> tuple[Bucket, ...]:
    """Raises Misconfigured: one sentence with the file, the bucket and the field."""
    buckets = filed("bucket", Bucket)
    check_names((), buckets)
    return buckets


def load_places() -> tuple[str, ...]:
    """The names of all folders and buckets. Raises Misconfigured."""
    return check_names(load_folders(), load_buckets())


def check_names(folders: Iterable[SourceOptions], buckets: Iterable[SourceOptions]) -> tuple[str, ...]:
    """The names; each has a durable of its own, so no two places may share one. Raises Misconfigured."""
    names = tuple(place.name for place in (*folders, *buckets))
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise Misconfigured(f"Two places have the name {twice!r}: folders and buckets need names of their own.")
    return names


def secret_at(reference: str, option: str) -> str:
    """What an `env:` or `file:` reference names. Raises Misconfigured."""
    kind, _, name = reference.partition(":")
    try:
        value = os.environ.get(name, "") if kind == "env" else Path(name).read_text()
    except (OSError, UnicodeDecodeError) as exc:
        raise Misconfigured(f"{option}: {name} cannot be read: {exc}.") from exc
    if not value.strip():
        raise Misconfigured(f"{option}: {name} holds nothing.")
    return value.strip()


def s3_settings_of(bucket: ReachedBucket, own: S3Settings) -> S3Settings:
    """How the bucket is reached; like the installation's own where the table names no other server."""
    if bucket.endpoint is None or bucket.access_key is None or bucket.secret_key is None:
        return own.model_copy(update={"bucket": bucket.bucket})
    return own.model_copy(
        update={
            "endpoint": bucket.endpoint,
            "secure": bucket.secure,
            "region": bucket.region,
            "bucket": bucket.bucket,
            "access_key": secret_at(bucket.access_key, f"bucket {bucket.name}: access_key"),
            "secret_key": SecretStr(secret_at(bucket.secret_key, f"bucket {bucket.name}: secret_key")),
        }
    )
