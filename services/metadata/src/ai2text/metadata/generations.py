"""The same ask again, as another job. No I/O here."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from ai2text.common.contracts import identity
from ai2text.common.contracts.transcription import TranscriptionRequested


def newest_generation(ask: TranscriptionRequested, known: Mapping[str, int]) -> int | None:
    """Among all jobs of the recording, each with its generation; None when this was never asked."""
    return max((number for job, number in known.items() if job == job_id(ask, number)), default=None)


def next_generation(ask: TranscriptionRequested, known: Mapping[str, int]) -> int:
    """After all of this ask, and not before any other of the recording: what was asked last is the newest."""
    newest = newest_generation(ask, known)
    return max(0 if newest is None else newest + 1, *known.values(), 0)


def in_generation(
    ask: TranscriptionRequested, number: int, replaces: str | None, at: datetime
) -> TranscriptionRequested:
    own = job_id(ask, number)
    return replace(
        ask,
        job_id=own,
        generation=number,
        publication=0,
        replaces=replaces,
        outcome_key=identity.outcome_key(ask.tenant, own),
        requested_at=at,
    )


def job_id(ask: TranscriptionRequested, number: int) -> str:
    return identity.job_id(ask.recording_id, ask.model, ask.task, ask.options, number)
