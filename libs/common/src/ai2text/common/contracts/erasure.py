"""What is said of a recording that was erased: that there was one, where its objects lay, and nothing of it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstone:
    """Stands in the bucket for good. Uploading the same bytes again begins another life of the recording."""

    tenant: str
    recording_id: str
    next_life: int
    """The first generation of a later life. Whatever is of an earlier generation is erased; see `identity`."""
    erased_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetVersion:
    """By the name of the dataset and its number."""

    name: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingErased:
    """Everybody who holds something of the recording deletes it now.

    Said again, with another publication, for what turned up later or does not fit into one message. Every step that
    follows may be repeated, and none can touch a later life of the recording, whose keys are others.
    """

    tenant: str
    recording_id: str
    next_life: int
    """Jobs, facts and rows of an earlier generation are erased."""
    publication: int = 0
    keys: tuple[str, ...] = ()
    """Objects to delete, each with all its versions: audio, facts, outcomes, drafts, revisions."""
    job_ids: tuple[str, ...] = ()
    """What was heard live of these is forgotten."""
    dead_letters: tuple[int, ...] = ()
    """Positions of messages in their stream, which keeps them no longer."""
    datasets: tuple[DatasetVersion, ...] = ()
    """Made from it, and to be withdrawn."""
    erased_at: datetime
