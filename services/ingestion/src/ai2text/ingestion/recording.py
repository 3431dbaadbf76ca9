"""What ingestion decides about a recording: its keys, its first job, the names of its sidecars. No I/O here."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Literal

from ai2text.common.contracts import identity
from ai2text.common.contracts.outcome import Failure
from ai2text.common.contracts.reason import Reason
from ai2text.common.contracts.recordings import Media, RecordingIngested, RecordingRejected, Source
from ai2text.common.contracts.states import Lane, Task
from ai2text.common.contracts.transcription import TranscriptionOptions, TranscriptionRequested
from ai2text.ingestion.names import with_ending

HALF_NAMED = (".part", ".partial", ".crdownload", ".download", ".tmp", "~")
"""Endings under which other programs write what is not finished."""
OWN_PREFIX = ".ai2text-"
"""Of our own unfinished sidecars."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What a file looks like from outside; another signature, another content."""

    size_bytes: int
    modified_ns: int
    inode: int

    @property
    def modified_at(self) -> datetime:
        return datetime.fromtimestamp(self.modified_ns / 1e9, UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """How recordings from one place are to be transcribed."""

    tenant: str
    place: str
    model: str
    lane: Lane
    options: TranscriptionOptions
    tags: tuple[str, ...]
    task: Task = Task.TRANSCRIBE


def is_taken(name: str, extensions: frozenset[str]) -> bool:
    """Whether the last part of a path says audio or video, finished and not hidden."""
    lowered = name.lower()
    if lowered.startswith(".") or lowered.endswith(HALF_NAMED):
        return False
    return PurePosixPath(lowered).suffix.removeprefix(".") in extensions


def tagged(ask: Ask, name: str) -> Ask:
    """With the sub-folders of a path as further tags."""
    folders = tuple(part for part in PurePosixPath(name).parts[:-1] if part not in ask.tags)
    return replace(ask, tags=(*ask.tags, *dict.fromkeys(folders)))


def source_of(
    ask: Ask, kind: Literal["hot_folder", "bucket", "upload"], name: str, modified_at: datetime | None
) -> Source:
    return Source(
        source_id=identity.source_id(ask.tenant, kind, ask.place, name),
        kind=kind,
        place=ask.place,
        name=name,
        modified_at=modified_at,
    )


def ingested(
    ask: Ask, source: Source, media: Media, sha256: str, size_bytes: int, at: datetime, life: int = 0
) -> RecordingIngested:
    """`life` is the recording's; see `identity`."""
    recording = identity.recording_id(ask.tenant, sha256)
    job = identity.job_id(recording, ask.model, ask.task, ask.options, generation=life)
    key = identity.audio_key(ask.tenant, sha256, life)
    return RecordingIngested(
        tenant=ask.tenant,
        recording_id=recording,
        sha256=sha256,
        size_bytes=size_bytes,
        audio_key=key,
        facts_key=identity.facts_key(ask.tenant, sha256, source.source_id, job),
        media=media,
        source=source,
        tags=ask.tags,
        first_job=TranscriptionRequested(
            tenant=ask.tenant,
            recording_id=recording,
            job_id=job,
            generation=life,
            lane=ask.lane,
            audio_key=key,
            sha256=sha256,
            size_bytes=size_bytes,
            duration_seconds=media.duration_seconds,
            channels=media.channels,
            model=ask.model,
            task=ask.task,
            options=ask.options,
            outcome_key=identity.outcome_key(ask.tenant, job),
            requested_at=at,
        ),
        ingested_at=at,
    )


def replacing(facts: RecordingIngested, former: str | None, now: datetime) -> RecordingIngested:
    """The same bytes again replace nothing; facts of an earlier time do not know what their source held since."""
    if former is None or former == facts.recording_id:
        return replace(facts, replaces_recording_id=None)
    return replace(facts, replaces_recording_id=former, ingested_at=now)


def rejected(ask: Ask, source: Source, signature: Signature, reason: Reason, at: datetime) -> RecordingRejected:
    fingerprint = f"{signature.size_bytes}/{signature.modified_ns}"
    return RecordingRejected(
        tenant=ask.tenant,
        rejection_id=identity.rejection_id(ask.tenant, source.source_id, fingerprint),
        source=source,
        reason=reason,
        size_bytes=signature.size_bytes,
        rejected_at=at,
    )


def sidecar_names(name: str, suffix: str, neighbours: Iterable[str], extensions: frozenset[str]) -> tuple[str, ...]:
    """Names to try for a sidecar, best first: `talk.txt` for `talk.mp3`, unless another recording shares the stem."""
    stem = PurePosixPath(name).stem
    shared = any(
        other != name and PurePosixPath(other).stem == stem and is_taken(other, extensions) for other in neighbours
    )
    full = with_ending(name, f".{suffix}")
    return (full,) if shared else (with_ending(stem, f".{suffix}"), full)


def reason_name(name: str) -> str:
    return with_ending(name, ".reason.json")


def reason_content(name: str, reason: Reason) -> bytes:
    """What stands under `reason_name`; `name` is what the recording was called when it was judged."""
    said = {"file": PurePosixPath(name).name, "code": reason.code, "detail": reason.detail}
    return f"{json.dumps(said, ensure_ascii=False, indent=2)}\n".encode()


def reason_of(failure: Failure) -> Reason:
    """Why a recording has no sidecars: other than a refusal it may be transcribed later."""
    return Reason(code="transcription_failed", detail=f"{failure.reason.detail} ({failure.reason.code})")
