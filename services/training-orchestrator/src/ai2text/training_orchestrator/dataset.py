"""What a dataset is: its definition, its numbered versions, and where they lie. No I/O here."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from ai2text.common.contracts.datasets import SnapshotSize
from ai2text.common.contracts.definition import NAME, Definition
from ai2text.common.contracts.reason import Reason
from ai2text.common.contracts.states import DatasetStatus
from ai2text.common.errors import Refused

BUILDING_PREFIX = ".ai2text/datasets-building/"
"""One small mark for each version that is being made, so that none is forgotten."""
TRIGGERED_PREFIX = ".ai2text/datasets-triggered/"
"""One small mark for each dataset that ever had a trigger, so that nobody looks at all the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Triggered:
    """Why a version was made without being asked for."""

    by: Literal["every_hours", "new_hours"]
    due_at: datetime
    """The moment of the schedule, which the next one is counted from, however late this one was seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Stands first under a version's number, and makes the number taken."""

    tenant: str
    definition: Definition
    version: int
    requested_by: str
    created_at: datetime
    catalogue: SnapshotSize | None = None
    """At this moment, where the definition has a trigger."""
    triggered: Triggered | None = None
    attempt: str = field(default="", compare=False)
    """To write it, another one each time: by it a writer whose answer was lost knows its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetFile:
    """`path` is relative to the version; `key` is where the bytes lie, under their own hash."""

    path: str
    sha256: str
    bytes: int
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    rows: int = 0
    duration_seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestRead:
    """Of an archive, as it was when the version was planned."""

    manifest: str
    etag: str
    bytes: int
    lines: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenLine:
    """That makes no row, and why."""

    manifest: str
    line: int
    """From 1."""
    code: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignReport:
    manifests: tuple[ManifestRead, ...]
    lines: int
    left_out: dict[str, int]
    """By the code of the reason. What the rules of selection leave out is counted with everything else."""
    broken: tuple[BrokenLine, ...]
    """The first hundred."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What is in the version, and what each rule left out."""

    rows: int
    duration_seconds: float
    splits: dict[str, Amount] = field(default_factory=dict)
    left_out: dict[str, Amount] = field(default_factory=dict)
    foreign: ForeignReport | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionOutcome:
    """Stands under a version for good once it is published or has failed; the first one written is the truth."""

    status: Literal[DatasetStatus.PUBLISHED, DatasetStatus.FAILED]
    files: tuple[DatasetFile, ...] = ()
    """Those that were made for the version."""
    audio: DatasetFile | None = None
    """JSON lines, a DatasetFile for each path under which a recording is in the version, in the order of the paths."""
    references_key: str | None = None
    """JSON lines, a DatasetReference for each row."""
    sources_key: str | None = None
    """See Plan; no file of the version."""
    report: Report | None = None
    plan: int | None = None
    """Its number; None in what was made before there were any."""
    error: Reason | None = None
    ended_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """Stands beside an outcome for good: a recording that the version holds was erased, so its files are too."""

    withdrawn_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuild:
    """Stands first under its number: somebody wants the files of a version made once more."""

    number: int
    """From 1."""
    requested_by: str
    created_at: datetime
    attempt: str = field(default="", compare=False)
    """See Claim."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RebuildOutcome:
    """The first one that stands is the truth."""

    status: Literal[DatasetStatus.PUBLISHED, DatasetStatus.FAILED]
    """Published: every file was made again with the same bytes, and is where it was."""
    error: Reason | None = None
    ended_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerEnd:
    """Stands beside a claim for good: its trigger makes no further versions."""

    ended_by: str
    ended_at: datetime


def checked_name(name: str) -> str:
    """The name itself; it becomes part of object keys and paths, so its form is narrow."""
    if not NAME.fullmatch(name):
        raise Refused(
            "invalid_name",
            f"{name!r} is no name for a dataset: use 1 to 64 lower-case letters, digits, dots, hyphens and "
            "underscores, beginning with a letter or a digit.",
        )
    return name


def datasets_prefix(tenant: str) -> str:
    return f"{tenant}/datasets/"


def versions_prefix(tenant: str, name: str) -> str:
    return f"{datasets_prefix(tenant)}{name}/versions/"


def claim_key(tenant: str, name: str, version: int) -> str:
    return f"{versions_prefix(tenant, name)}{version:06}/claim.json"


def outcome_key(tenant: str, name: str, version: int) -> str:
    return f"{versions_prefix(tenant, name)}{version:06}/outcome.json"


def building_key(tenant: str, name: str, version: int, rebuild: int = 0) -> str:
    return f"{BUILDING_PREFIX}{tenant}/{name}/{version:06}" + (f"/{rebuild:03}" if rebuild else "")


def triggered_key(tenant: str, name: str) -> str:
    return f"{TRIGGERED_PREFIX}{tenant}/{name}"


def trigger_end_key(tenant: str, name: str, version: int) -> str:
    return f"{versions_prefix(tenant, name)}{version:06}/trigger-end.json"


def withdrawal_key(tenant: str, name: str, version: int) -> str:
    return f"{versions_prefix(tenant, name)}{version:06}/withdrawal.json"


def plans_prefix(tenant: str, name: str, version: int) -> str:
    return f"{tenant}/dataset-plans/{name}/{version:06}/"


def plan_key(tenant: str, name: str, version: int, number: int) -> str:
    return f"{plans_prefix(tenant, name, version)}{number:03}.json"


def shards_prefix(tenant: str, name: str, version: int) -> str:
    """Outcomes of shards, until all of them are one."""
    return f"{tenant}/dataset-shards/{name}/{version:06}/"


def rebuilds_prefix(tenant: str, name: str, version: int) -> str:
    return f"{tenant}/dataset-rebuilds/{name}/{version:06}/"


def files_prefix(tenant: str, name: str, version: int) -> str:
    """No two versions share a file, so that what one of them held of a recording can be erased."""
    return f"{tenant}/dataset-files/{name}/{version:06}/"


def file_key(tenant: str, name: str, version: int, sha256: str) -> str:
    """By content: two workers on one version write the same files, or others, and never one over another."""
    return f"{files_prefix(tenant, name, version)}{sha256}"
