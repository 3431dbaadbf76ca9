"""What is to be trained on each version of a dataset, and what is said about a training run."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Discriminator, Field

from ai2text.common.contracts.reason import Reason
from ai2text.common.contracts.states import TrainingStatus

STRICT = ConfigDict(extra="forbid")
QUANTITY = re.compile(r"[0-9]+(\.[0-9]+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?")
SECRET = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")

Variable = Annotated[str, Field(pattern="^[A-Za-z_][A-Za-z0-9_]{0,127}$")]
Words = Annotated[tuple[Annotated[str, Field(max_length=8192)], ...], Field(max_length=256)]
Variables = Annotated[dict[Variable, Annotated[str, Field(max_length=8192)]], Field(max_length=64)]
Quantity = Annotated[str, Field(pattern=f"^{QUANTITY.pattern}$", examples=["4", "500m", "32Gi"])]
TimeoutHours = Annotated[float, Field(gt=0, le=8784, allow_inf_nan=False)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """Requested and granted alike."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    cpu: Quantity = "1"
    memory: Quantity = "2Gi"
    gpus: Annotated[int, Field(ge=0, le=64)] = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class KubernetesTraining:
    """A Job in the cluster. Image, names of variables and secrets are those that the installation allows."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    kind: Literal["kubernetes"] = "kubernetes"
    image: Annotated[str, Field(min_length=1, max_length=1024)]
    command: Words = ()
    args: Words = ()
    env: Variables = field(default_factory=dict)
    secrets: Annotated[tuple[Annotated[str, Field(pattern=f"^{SECRET.pattern}$")], ...], Field(max_length=16)] = ()
    """Of the training namespace; all of their fields become variables."""
    resources: Resources = Resources()
    retries: Annotated[int, Field(ge=0, le=20)] = 0
    timeout_hours: TimeoutHours = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandTraining:
    """A process beside the training-orchestrator. The program is one that the installation allows."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    kind: Literal["command"] = "command"
    command: Annotated[Words, Field(min_length=1)]
    env: Variables = field(default_factory=dict)
    timeout_hours: TimeoutHours = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class EventTraining:
    """Somebody else trains, who listens for the event and reports over REST."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    kind: Literal["event"] = "event"
    timeout_hours: TimeoutHours = 24


Training = Annotated[KubernetesTraining | CommandTraining | EventTraining, Discriminator("kind")]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRequested:
    """A run of this version stands in the object store, and is handed to whoever trains."""

    tenant: str
    name: str
    version: int
    run: int
    """Counts from 1 for each version."""
    kind: Literal["kubernetes", "command", "event"]
    version_key: str
    outputs_prefix: str
    """Where what comes of it belongs."""
    requested_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingEnded:
    """The end of a run stands in the object store, for good."""

    tenant: str
    name: str
    version: int
    run: int
    run_key: str
    status: TrainingStatus
    error: Reason | None = None
    ended_at: datetime
