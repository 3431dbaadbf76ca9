"""Training datasets."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field

from ai2text.api_gateway.documents.common import At, Bytes, Count, Seconds, Sha256
from ai2text.api_gateway.documents.problem import Reason
from ai2text.common.contracts.definition import Definition, Format
from ai2text.common.contracts.states import DatasetStatus, TrainingStatus

DatasetName = Annotated[str, Field(pattern="^[a-z0-9][a-z0-9._-]{0,63}$", examples=["speech"])]
Version = Annotated[int, Field(ge=1, examples=[1])]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    name: DatasetName
    version: Version
    status: DatasetStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary(Asked):
    created_at: At


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """`path` is relative to the version."""

    path: Annotated[str, Field(examples=["train_manifest.json"])]
    sha256: Sha256
    bytes: Bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    rows: Count
    duration_seconds: Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestRead:
    manifest: str
    etag: str
    bytes: Bytes
    lines: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenLine:
    """That makes no row, and why; lines count from 1."""

    manifest: str
    line: Annotated[int, Field(ge=1)]
    code: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignReport:
    """Of manifests in archives. `left_out` counts lines by the code of the reason; `broken` names the first hundred."""

    manifests: list[ManifestRead]
    lines: Count
    left_out: dict[str, Count]
    broken: list[BrokenLine]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report(Amount):
    """What is in it, and what each rule left out."""

    splits: dict[str, Amount]
    left_out: dict[str, Amount]
    foreign: ForeignReport | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuild:
    """`published`: every file came out as it was, and is there again if it was lost."""

    number: Annotated[int, Field(ge=1)]
    status: DatasetStatus
    error: Reason | None
    created_at: At


@dataclass(frozen=True, slots=True, kw_only=True)
class RebuildAsked(Asked):
    rebuild: Rebuild


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetVersion(Summary):
    definition: Definition
    triggered_by: Literal["every_hours", "new_hours"] | None
    """Null where somebody asked for it."""
    files: list[File]
    report: Report | None
    error: Reason | None
    rebuild: Rebuild | None
    """The newest one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckAsked:
    version: Version | None = None
    """The newest one unless it is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """What a reader would stumble over."""

    path: str
    line: Annotated[int, Field(ge=1)] | None
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedFormat:
    format: Format
    rows: Count
    result: Annotated[str, Field(examples=["rules checked, reader not installed"])]
    violation_count: Count
    violations: list[Violation]
    """The first of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    name: DatasetName
    version: Version
    status: Literal["checking", "checked"]
    checked_at: At | None
    formats: list[CheckedFormat]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOutput:
    """`path` is relative to the run's outputs, or a URI elsewhere as it was reported."""

    path: Annotated[str, Field(examples=["model.nemo"])]
    bytes: Bytes | None
    etag: str | None
    sha256: Sha256 | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A training on a version."""

    run: Annotated[int, Field(ge=1, examples=[1])]
    status: TrainingStatus
    requested_at: At
    started_at: At | None
    ended_at: At | None
    error: Reason | None
    metrics: dict[str, float]
    outputs: list[RunOutput]
    """Of a run that has ended."""
    trained_on_withdrawn: bool
    """A recording in the version was erased since: what was trained may hold it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedOutput:
    path: Annotated[str, Field(min_length=1, max_length=1024, examples=["s3://models/speech.nemo"])]
    sha256: Sha256 | None = None
    bytes: Annotated[int | None, Field(ge=0, lt=1 << 63)] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """Of whoever trains outside."""

    status: Literal[TrainingStatus.RUNNING, TrainingStatus.SUCCEEDED, TrainingStatus.FAILED, TrainingStatus.CANCELLED]
    detail: Annotated[str, Field(max_length=4096)] = ""
    outputs: Annotated[tuple[ReportedOutput, ...], Field(max_length=1000)] = ()
    metrics: Annotated[
        dict[Annotated[str, Field(min_length=1, max_length=128)], Annotated[float, Field(allow_inf_nan=False)]],
        Field(max_length=256),
    ] = field(default_factory=dict)
