"""Training datasets."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from ai2text.api_gateway.documents.common import At, Bytes, Count, Seconds, Sha256
from ai2text.api_gateway.documents.problem import Reason
from ai2text.common.contracts.definition import Definition
from ai2text.common.contracts.states import DatasetStatus

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
class Report(Amount):
    """What is in it, and what each rule left out."""

    splits: dict[str, Amount]
    left_out: dict[str, Amount]


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
    files: list[File]
    report: Report | None
    error: Reason | None
    rebuild: Rebuild | None
    """The newest one."""
