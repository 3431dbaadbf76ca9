"""Settings are environment variables beginning with AI2TEXT_, in groups; a `.env` file is parsed, never run.

A group is a class; a service's settings are the groups it needs plus its own. Secrets have no default.
A variable that looks like one of a group's but is not is refused: an option without effect helps nobody.
"""

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from ai2text.common.errors import Misconfigured

ENV_FILE = ".env"


def group(prefix: str) -> SettingsConfigDict:
    return SettingsConfigDict(env_prefix=prefix, env_file=ENV_FILE, extra="ignore", frozen=True)


class NatsSettings(BaseSettings):
    model_config = group("AI2TEXT_NATS_")

    url: str = Field("nats://127.0.0.1:4222", description="Server, or several separated by commas.")
    user: str | None = Field(None, description="User name, where the server wants one.")
    password: SecretStr | None = Field(None, description="Password of that user.")
    replicas: int = Field(1, ge=1, le=5, description="Copies of each stream; 3 in a cluster.")
    ack_wait_seconds: float = Field(
        60,
        gt=0,
        description="Silence of a worker after which its message goes to another; set by the set-up step.",
    )
    heartbeat_seconds: float = Field(
        15, gt=0, description="How often a worker says that it is still at it; a quarter of the ack wait."
    )
    delivery_budget: int = Field(5, ge=1, description="Deliveries without result before a message is dead-lettered.")
    retry_base_seconds: float = Field(
        1, gt=0, description="Delay after the first failure; doubles with each further one."
    )
    retry_cap_seconds: float = Field(60, gt=0, description="The longest delay between two deliveries.")
    halt_after_dead_letters: int = Field(
        20,
        ge=1,
        description="So many dead letters in a row stop the consumer: a bad deploy must not drain a queue.",
    )
    publish_deadline_seconds: float = Field(30, gt=0, description="How long a publisher waits for the acknowledgement.")
    work_max_bytes: int = Field(1 << 30, description="Size of the stream of jobs; beyond it publishers are refused.")
    events_max_bytes: int = Field(4 << 30, description="Size of the stream of facts.")
    events_max_age_days: int = Field(30, ge=1, description="How long facts are kept for readers that were away.")


class S3Settings(BaseSettings):
    model_config = group("AI2TEXT_S3_")

    endpoint: str = Field("127.0.0.1:9000", description="host:port of any S3 API.")
    secure: bool = Field(False, description="Whether to speak TLS.")
    region: str = Field("us-east-1", description="Region in the signatures.")
    bucket: str = Field("ai2text", description="The one bucket of this installation.")
    access_key: str = Field(description="Access key.")
    secret_key: SecretStr = Field(description="Secret key.")
    connect_timeout_seconds: float = Field(5, gt=0, description="For a connection to be made.")
    read_timeout_seconds: float = Field(60, gt=0, description="For the next bytes to arrive.")


class InsideSettings(BaseSettings):
    """The second port of every service: alive, ready, metrics. Never routed from outside."""

    model_config = group("AI2TEXT_INSIDE_")

    host: str = Field("127.0.0.1", description="Address of the probe port; 0.0.0.0 in a pod.")
    port: int = Field(0, description="Probe port; 0 takes a free one.")
    drain_seconds: float = Field(
        25,
        gt=0,
        description="Time to finish what is in flight after SIGTERM; the pod's grace period is 5 s more.",
    )


class LogSettings(BaseSettings):
    model_config = group("AI2TEXT_LOG_")

    format: str = Field("json", pattern="^(json|console)$", description="`json` for machines, `console` for people.")
    level: str = Field("info", pattern="^(debug|info|warning|error)$", description="The least that is written.")
    kill_at: str | None = Field(
        None,
        description="For fault tests, `EVENT,EVENT@FOLDER`: the process kills itself (SIGKILL) the first time it logs "
        "one of the events; a file of that name in FOLDER marks that it has happened.",
    )


class CallerSettings(BaseSettings):
    """What the gateway and the services share, so that the services know who asks."""

    model_config = group("AI2TEXT_CALLER_")

    key: SecretStr = Field(min_length=32, description="Signs the gateway's inside tokens; the same for all services.")


Group = TypeVar("Group", bound=BaseSettings)


def load(settings: type[Group]) -> Group:
    """One group from the environment; raises Misconfigured, naming the variable and what is wrong with it."""
    prefix = settings.model_config["env_prefix"]
    _refuse_strangers(
        settings,
        prefix,
        {**dotenv_values(ENV_FILE), **os.environ} if Path(ENV_FILE).is_file() else os.environ,
    )
    try:
        return settings()
    except ValidationError as exc:
        raise Misconfigured("; ".join(f"{variable(prefix, e['loc'])}: {e['msg']}" for e in exc.errors())) from exc


def variable(prefix: str, location: tuple[int | str, ...]) -> str:
    return prefix + "_".join(map(str, location)).upper()


def _refuse_strangers(settings: type[BaseSettings], prefix: str, environment: Mapping[str, str | None]) -> None:
    known = [variable(prefix, (name,)) for name in settings.model_fields]
    for name in environment:
        if name.startswith(prefix) and name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f" Did you mean {near[0]}?" if near else f" Known are: {', '.join(known)}."
            raise Misconfigured(f"{name} is not a setting.{hint}")
